"""What a training keeps for pictures: a few of its examples, and answers for one face after chosen epochs.

Pictures are drawn without torch, so this file loads none to read.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from keypoints import files
from keypoints.datasets.tensors import Faces
from keypoints.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor

    from keypoints.models.trained import Trained
    from keypoints.training.sampling import Examples

# epoch (), points (K, 2) pixels of the crop, map (h, w) of point 0 or (0, 0): tensors, as checkpoints
# carry them.
Snapshot = dict[str, "Tensor"]
SAMPLES = 4  # examples that are kept


def take(trained: Trained, faces: Faces, epoch: int) -> Snapshot:
    """The prediction for the first of the `faces`; `epoch` is counted from 0."""
    import torch

    crop = faces.crops()[:1]
    maps = trained.maps(crop)
    return {
        "epoch": torch.tensor(epoch),
        "points": torch.from_numpy(trained.points(crop)[0]),
        "map": torch.from_numpy(maps[0, 0].copy() if maps is not None else np.zeros((0, 0), np.float32)),
    }


def sample(examples: Examples, seed: int) -> dict[str, np.ndarray]:
    """A few examples as training sees them, and which of the training faces they are made of.

    faces (S,), crops `seen` (S, H, W, C) uint8 and their points `seen_points` (S, P, 2). The examples of a
    detector are scenes of several faces, of which P are the ends of all axes.
    """
    faces = np.random.default_rng(seed).permutation(len(examples.faces))[:SAMPLES]
    made = [examples[face, seed + i] for i, face in enumerate(faces.tolist())]
    crops, targets = zip(*made, strict=True)
    points = np.stack(targets)
    if examples.compose:  # each of its faces is an axis, and whether it counts
        points = points[..., :4].reshape(len(points), -1, 2)
    return {"faces": faces, "seen": np.stack(crops), "seen_points": points}


LAYOUT = {
    "epoch": ("i8", "E"),
    "points": ("f4", "E K 2"),
    "map": ("f4", "E h w"),
    "faces": ("i8", "S"),
    "seen": ("u1", "S H W C"),
    "seen_points": ("f4", "S P 2"),
}


def save(path: Path, taken: list[Snapshot], samples: dict[str, np.ndarray]) -> None:
    """Write one .npz of epoch (E,), points (E, K, 2), map (E, h, w), and what `sample` gave; E may be 0."""
    shapes = {"epoch": (0,), "points": (0, 0, 2), "map": (0, 0, 0)}
    stacks = {key: np.zeros(shape, LAYOUT[key][0]) for key, shape in shapes.items()}
    if taken:
        stacks = {key: np.array([shot[key].numpy() for shot in taken]) for key in shapes}
    files.save_arrays(path, stacks | samples)


def load(path: Path, faces: Faces) -> dict[str, np.ndarray]:
    """What `save` wrote of a training on these faces. Raises `UserError`."""
    kept = files.load_arrays(path, LAYOUT, missing=("seen_points",))
    fits = kept["seen"].shape[1:] == faces.crops().shape[1:] and kept["seen_points"].shape[1] > 0
    fits &= len(kept["faces"]) > 0 and bool(np.isin(kept["faces"], np.arange(len(faces))).all())
    fits &= not len(kept["epoch"]) or kept["points"].shape[1] == faces.points.shape[1]
    if not fits or kept["seen_points"].shape[1] % faces.points.shape[1]:
        raise UserError(f"{path} is of a training on other faces: run `dvc repro`")
    return kept
