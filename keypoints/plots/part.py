"""Pictures of what a training kept and a net learned."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from keypoints import plots
from keypoints.evaluation.learned import Learned
from keypoints.landmarks import Scheme


def draw_samples(
    path: Path, crops: np.ndarray, points: np.ndarray, kept: Mapping[str, np.ndarray], scheme: Scheme
) -> None:
    """A row of training crops as they are, and below the same ones as training sees them (`kept`)."""
    faces = kept["faces"]
    plots.samples(
        path,
        [*crops[faces], *kept["seen"]],
        [*points[faces], *kept["seen_points"]],
        scheme,
        titles=[*["as it is"] * len(faces), *["augmented"] * len(faces)],
        columns=len(faces),
    )


def draw_net(out: Path, name: str, learned: Learned, scheme: Scheme) -> None:
    """What was learned, without a face: filters, one picture per layer, and principal components."""
    for i, layer in enumerate(learned.filters, 1):
        file = out / ("filters.png" if i == 1 else f"filters_{i}.png")
        plots.filters(file, layer, f"{name}: filters of {'the first layer' if i == 1 else f'layer {i}'}")
    if len(learned.components):
        plots.components(out / "components.png", learned.middle, 2 * learned.components, scheme)


def draw_snapshots(path: Path, shots: Mapping[str, np.ndarray], face: np.ndarray, scheme: Scheme) -> None:
    """The answers for one validation face that training kept, where it was asked to."""
    if len(shots["epoch"]):
        titles = [f"epoch {epoch}" for epoch in shots["epoch"]]
        plots.snapshots(path, face, shots["map"], shots["points"], titles, scheme)
