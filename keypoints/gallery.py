"""Pictures of one part that want more than arrays: its loader, its net, its training."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from keypoints import plots
from keypoints.augment import Augmenter
from keypoints.codecs import Pca
from keypoints.landmarks import Scheme
from keypoints.params import Part
from keypoints.tensors import Faces
from keypoints.weights import Trained

SHOWN = 4  # faces on a row of samples


def of_loader(path: Path, faces: Faces, trained: Trained, part: Part, seed: int) -> None:
    """A row of training crops as they are, and below the same ones as training sees them."""
    shown = faces.take(np.random.default_rng(seed).permutation(len(faces))[:SHOWN])
    augmenter = Augmenter(part.augment, trained.scheme, faces.size, faces.margin)
    changed = [
        augmenter(*face, seed + i) for i, face in enumerate(zip(shown.images, shown.points, strict=True))
    ]
    plots.samples(
        path,
        [*shown.crops(), *(image for image, _ in changed)],
        [*shown.points, *(points for _, points in changed)],
        trained.scheme,
        titles=[*["as it is"] * len(shown), *["augmented"] * len(shown)],
        columns=SHOWN,
    )


def of_net(out: Path, name: str, trained: Trained) -> None:
    """What was learnt, without a face: filters, a picture a layer, and principal components."""
    for i, layer in enumerate(trained.filters(), 1):
        file = out / ("filters.png" if i == 1 else f"filters_{i}.png")
        plots.filters(file, layer, f"{name}: filters of {'the first layer' if i == 1 else f'layer {i}'}")
    if isinstance(trained.codec, Pca):
        mean, shapes = trained.codec.shapes()
        plots.components(out / "components.png", mean, 2 * shapes, trained.scheme)


def of_training(path: Path, shots: Mapping[str, np.ndarray], face: np.ndarray, scheme: Scheme) -> None:
    """The answers for one validation face that training kept, where it was asked to."""
    if len(shots["epoch"]):
        titles = [f"epoch {epoch}" for epoch in shots["epoch"]]
        plots.snapshots(path, face, shots["map"], shots["points"], titles, scheme)
