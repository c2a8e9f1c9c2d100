"""The weights that come with the project: half precision, kept by DVC in pretrained/store.

`weights("landmarks")` brings a file from there the first time, as `dvc pull` does for all of them.
`python -m keypoints.shipped` puts the weights of the last run there, with a card for each: `make ship`.
"""

from __future__ import annotations

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
        import subprocess
        import sys

        command = [sys.executable, "-m", "dvc", "pull", "--quiet", str(path.with_suffix(".pt.dvc"))]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if not path.exists():
            why = (done.stderr.strip().splitlines() or ["nothing said"])[-1]
            raise UserError(f"{path.name} could not be brought by DVC ({why}): run `dvc pull` in {ROOT.name}")
    return path
