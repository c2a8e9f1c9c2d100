"""What a net has learned, as arrays: it is drawn without the net, and without torch."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count, takewhile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from keypoints import files
from keypoints.errors import UserError

if TYPE_CHECKING:
    from keypoints.models.trained import Trained

LAYOUT = {
    "weights": ("U", ""),
    "face": ("i8", ""),
    "mean_shape": ("f4", "K 2"),
    "middle": ("f4", "K 2"),
    "components": ("f4", "C K 2"),
    "maps": ("f4", "M h w"),
}
FILTERS = "filters_{}"  # the array of a layer, counted from 1


@dataclass
class Learned:
    """What pictures show of a net.

    weights:    the MD5 of the weights file
    face:       which of the held-out faces the maps are of: the one with the least error
    mean_shape: (K, 2), of the training faces, pixels of the crop
    middle, components: (K, 2) and (C, K, 2), pixels of the crop: a shape, and what a standard deviation of
                each principal component adds to it; C is 0 for a net without components
    maps:       (K, h, w), the probability of each point's place; (0, 0, 0) for a net without maps
    filters:    of each layer, (out, in, height, width), as `Trained.filters` gives them
    """

    weights: str
    face: int
    mean_shape: np.ndarray
    middle: np.ndarray
    components: np.ndarray
    maps: np.ndarray
    filters: list[np.ndarray]

    @classmethod
    def of(cls, trained: Trained, weights: Path, crops: np.ndarray, errors: np.ndarray) -> Learned:
        """What the net in a weights file has learned.

        `crops` (N, H, W, C) uint8 are the held-out faces, `errors` (N,) theirs, NaN where nothing is known.
        """
        face = int(np.argmin(np.where(np.isnan(errors), np.inf, errors)))
        shape = np.asarray(trained.mean_shape, np.float32)
        middle, components = trained.components() or (shape, np.zeros((0, *shape.shape)))
        found = trained.maps(crops[face : face + 1])
        maps = np.zeros((0, 0, 0)) if found is None else found[0]
        known = {"mean_shape": shape, "middle": middle, "components": components, "maps": maps}
        arrays = {name: array.astype(np.float32) for name, array in known.items()}
        return cls(files.digest(weights, "md5"), face, filters=trained.filters(), **arrays)

    def save(self, path: Path) -> None:
        """Write one .npz; the same net and faces give the same bytes."""
        layers = {FILTERS.format(i): layer for i, layer in enumerate(self.filters, 1)}
        files.save_arrays(path, {name: getattr(self, name) for name in LAYOUT} | layers)

    @classmethod
    def load(cls, path: Path, weights: Path, faces: int, points: int) -> Learned:
        """What `save` wrote of these weights and so many held-out faces and points. Raises `UserError`."""
        found = files.load_arrays(path, LAYOUT)
        names = takewhile(found.__contains__, map(FILTERS.format, count(1)))
        filters = [found[name] for name in names]
        if str(found["weights"]) != files.digest(weights, "md5"):
            raise UserError(f"{path} is not of the weights in {weights}: run `dvc repro`")
        if not (
            0 <= found["face"] < faces
            and len(found["mean_shape"]) == points
            and found["maps"].shape[0] in (0, points)
            and (found["maps"].size or not len(found["maps"]))
            and all(layer.ndim == 4 and layer.size for layer in filters)
        ):
            raise UserError(f"{path} is of another part: run `dvc repro`")
        arrays = {name: found[name] for name in ("mean_shape", "middle", "components", "maps")}
        return cls(str(found["weights"]), int(found["face"]), filters=filters, **arrays)
