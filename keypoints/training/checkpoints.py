"""Checkpoints, from which a killed training resumes."""

from __future__ import annotations

import hashlib
import io
import json
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import albumentations
import cv2
import numpy as np
import torch

from keypoints import files
from keypoints.models import device
from keypoints.settings import recipes
from keypoints.training import dependencies

PAUSE = 3.0  # seconds of work that a kill may cost


@dataclass
class Checkpoint:
    """A file from which a killed training resumes; it is removed when training ends.

    `fingerprint` identifies the training by recipe, data and code; the checkpoint of another is not read.
    `pause`: seconds in which no other is written. To write one takes a fifth of a small training's epoch.
    """

    path: Path
    fingerprint: str
    pause: float = PAUSE
    written: float = field(default_factory=time.monotonic)  # when the last one was, or the training began

    def read(self) -> dict[str, Any] | None:
        try:
            files.check_seal(self.path)
            content = torch.load(self.path, map_location="cpu", weights_only=True)
        except FileNotFoundError:
            return None
        except Exception:  # whatever is wrong with it, training can start over
            content = {}
        if content.get("fingerprint") == self.fingerprint:
            return content
        print(f"{self.path.name} is of another training: starting over", file=sys.stderr)
        return None

    def sweep(self, pattern: str, days: float = 14) -> None:
        """Remove the folder's files that match `pattern` and are older than `days`: abandoned trainings."""
        for path in self.path.parent.glob(pattern):
            if time.time() - path.stat().st_mtime > days * 86_400:
                path.unlink(missing_ok=True)

    def write(self, content: dict[str, Any]) -> None:
        """Write the file, unless the last one, or the beginning, is less than `pause` seconds ago."""
        if time.monotonic() - self.written < self.pause:
            return
        buffer = io.BytesIO()  # torch.save itself hides a full disk behind another error
        torch.save({"fingerprint": self.fingerprint, **content}, buffer)
        with files.whole(self.path) as temporary:
            temporary.write_bytes(buffer.getbuffer())
            files.seal(temporary)
        self.written = time.monotonic()

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)


def fingerprint(part: recipes.Part, epochs: int, seed: int, threads: int, data: Path) -> str:
    """A hash of what decides a training's result: recipe, data, initial weights, code, libraries, machine."""
    code = [files.sha256(source) for source in dependencies.code_of("train")]
    versions = [module.__version__ for module in (torch, np, albumentations, cv2)]
    machine = device.choose_device()
    settings = [str(machine), device.uses_bfloat16(part.train.precision, machine)]
    recipe = asdict(part)
    del recipe["evaluate"]  # it does not decide the weights
    read = [files.sha256(path) for path in (data, part.train.starts_from) if path]
    facts = [recipe, epochs, seed, threads, *read, code, versions, settings]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
