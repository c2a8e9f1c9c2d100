"""What lets a killed training go on where it stopped."""

from __future__ import annotations

import hashlib
import io
import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import albumentations
import cv2
import numpy as np
import torch

from keypoints import files, machine, params

# The modules that decide what a training gives.
CODE = ("augment", "codecs", "crops", "landmarks", "machine", "metrics")
CODE += ("optimization", "snapshots", "tensors", "training", "weights")


@dataclass
class Checkpoint:
    """A file that lets a killed training go on; it is no output and goes when training ends.

    `fingerprint` says of which training it is: recipe, data and code. Another one's is not read.
    """

    path: Path
    fingerprint: str

    def read(self) -> dict[str, Any] | None:
        try:
            content = torch.load(self.path, map_location="cpu", weights_only=True)
        except FileNotFoundError:
            return None
        except Exception:  # whatever is wrong with it, training can start anew
            content = {}
        if content.get("fingerprint") == self.fingerprint:
            return content
        print(f"{self.path.name} is of another training: starting anew", file=sys.stderr)
        return None

    def sweep(self, pattern: str, days: float = 14) -> None:
        """Remove the folder's files of this pattern that trainings left unfinished long ago."""
        for path in self.path.parent.glob(pattern):
            if time.time() - path.stat().st_mtime > days * 86_400:
                path.unlink(missing_ok=True)

    def write(self, content: dict[str, Any]) -> None:
        buffer = io.BytesIO()  # torch.save itself hides a full disk behind another error
        torch.save({"fingerprint": self.fingerprint, **content}, buffer)
        with files.whole(self.path) as temporary:
            temporary.write_bytes(buffer.getbuffer())

    def drop(self) -> None:
        self.path.unlink(missing_ok=True)


def fingerprint(part: params.Part, epochs: int, seed: int, threads: int, data: Path) -> str:
    """What decides a training's result: recipe, tensors, code, library and machine's settings."""
    here = Path(__file__).parent
    sources = [*(here / f"{name}.py" for name in CODE), *sorted((here / "models").glob("*.py"))]
    code = [files.sha256(source) for source in sources]
    versions = [module.__version__ for module in (torch, np, albumentations, cv2)]
    device = machine.choose_device()
    settings = [str(device), machine.autocast(part.train.precision, device)._enabled]
    facts = [asdict(part), epochs, seed, threads, files.sha256(data), code, versions, settings]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
