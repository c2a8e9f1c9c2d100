"""A net's predictions for one face after chosen epochs of training, kept for a picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from keypoints import files
from keypoints.datasets.tensors import Faces
from keypoints.models.trained import Trained

# epoch (), points (K, 2) pixels of the crop, map (h, w) of point 0 or (0, 0): tensors, as checkpoints
# carry them.
Snapshot = dict[str, Tensor]


def take(trained: Trained, faces: Faces, epoch: int) -> Snapshot:
    """The prediction for the first of the `faces`; `epoch` is counted from 0."""
    crop = faces.crops()[:1]
    maps = trained.maps(crop)
    return {
        "epoch": torch.tensor(epoch),
        "points": torch.from_numpy(trained.points(crop)[0]),
        "map": torch.from_numpy(maps[0, 0].copy() if maps is not None else np.zeros((0, 0), np.float32)),
    }


LAYOUT = {"epoch": ("i8", "E"), "points": ("f4", "E K 2"), "map": ("f4", "E h w")}


def save(path: Path, taken: list[Snapshot]) -> None:
    """Write one .npz of epoch (E,), points (E, K, 2) and map (E, h, w); E may be 0."""
    stacks = {key: np.array([shot[key].numpy() for shot in taken]) for key in LAYOUT}
    if not taken:
        shapes = {"epoch": (0,), "points": (0, 0, 2), "map": (0, 0, 0)}
        stacks = {key: np.zeros(shape, LAYOUT[key][0]) for key, shape in shapes.items()}
    files.save_arrays(path, stacks)


def load(path: Path) -> dict[str, np.ndarray]:
    """What `save` wrote. Raises `UserError`."""
    return files.load_arrays(path, LAYOUT)
