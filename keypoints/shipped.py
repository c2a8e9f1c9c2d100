"""The weights that come with the project: half precision, kept by DVC in pretrained/store.

`weights("landmarks")` brings a file from there the first time; `dvc pull -R pretrained` brings all.
They are put there by `make ship` (ship.py).
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from keypoints.errors import UserError

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "pretrained"
PARTS = ("landmarks", "face", "nose")


def weights(part: str) -> Path:
    """The file of a part's weights; brought by DVC where it is not there yet. Raises `UserError`."""
    if part not in PARTS:
        raise UserError(f"--part: {part!r} is none of {', '.join(PARTS)}; --weights names a file of your own")
    path = FOLDER / f"{part}.pt"
    if not path.exists():
        done = dvc("pull", "--quiet", f"{path}.dvc")
        if not path.exists():
            why = (done.stderr.strip().splitlines() or ["nothing said"])[-1]
            raise UserError(f"{path.name} could not be brought by DVC ({why}): try dvc pull -R pretrained")
    return path


def dvc(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run DVC of this environment at the project's root."""
    command = [sys.executable, "-m", "dvc", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
