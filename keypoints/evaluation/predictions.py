"""What the evaluate stage writes of each held-out face, as it is read again for pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from keypoints import files
from keypoints.errors import UserError

LAYOUT = {
    "points": ("f4", "N K 2"),
    "nme": ("f4", "N"),
    "mean_shape_nme": ("f4", "N"),
    "point_nme": ("f", "N K"),
}


def load(path: Path, faces: int, points: int) -> dict[str, np.ndarray]:
    """What `Evaluation.predictions` gave for this number of faces and points of each. Raises `UserError`."""
    found = files.load_arrays(path, LAYOUT, missing=("nme", "mean_shape_nme", "point_nme"))
    if len(found["nme"]) != faces:
        raise UserError(f"{path} is of {len(found['nme'])} faces, not of these {faces}: run `dvc repro`")
    if found["points"].shape[1] != points:
        raise UserError(f"{path} is of {found['points'].shape[1]} points, not of {points}: run `dvc repro`")
    return found
