"""Pictures of one trained part that need more than arrays: its training examples, its net, its training."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from keypoints import plots
from keypoints.datasets.tensors import Faces
from keypoints.landmarks import Scheme
from keypoints.models.codecs.pca import Pca
from keypoints.models.trained import Trained
from keypoints.settings.recipes import Part
from keypoints.training.sampling import Examples

SAMPLES = 4  # faces in a row


def draw_samples(path: Path, faces: Faces, trained: Trained, part: Part, seed: int) -> None:
    """A row of training crops as they are, and below the same ones as training sees them."""
    few = faces.take(np.random.default_rng(seed).permutation(len(faces))[:SAMPLES])
    examples = Examples(part.augment, trained.scheme, few)
    changed = [examples[i, seed + i] for i in range(len(few))]
    plots.samples(
        path,
        [*few.crops(), *(image for image, _ in changed)],
        [*few.points, *(points for _, points in changed)],
        trained.scheme,
        titles=[*["as it is"] * len(few), *["augmented"] * len(few)],
        columns=SAMPLES,
    )


def draw_net(out: Path, name: str, trained: Trained) -> None:
    """What was learned, without a face: filters, one picture per layer, and principal components."""
    for i, layer in enumerate(trained.filters(), 1):
        file = out / ("filters.png" if i == 1 else f"filters_{i}.png")
        plots.filters(file, layer, f"{name}: filters of {'the first layer' if i == 1 else f'layer {i}'}")
    if isinstance(trained.codec, Pca):
        mean, shapes = trained.codec.shapes()
        plots.components(out / "components.png", mean, 2 * shapes, trained.scheme)


def draw_snapshots(path: Path, shots: Mapping[str, np.ndarray], face: np.ndarray, scheme: Scheme) -> None:
    """The answers for one validation face that training kept, where it was asked to."""
    if len(shots["epoch"]):
        titles = [f"epoch {epoch}" for epoch in shots["epoch"]]
        plots.snapshots(path, face, shots["map"], shots["points"], titles, scheme)
