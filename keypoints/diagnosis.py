"""Why points are wrong: what no net could say, and how large the faces are that a net draws.

Points are (N, K, 2) in pixels of the crop.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from keypoints.codecs import Codec
from keypoints.landmarks import Scheme


def roundtrip(codec: Codec, points: np.ndarray, batch: int = 16) -> np.ndarray:
    """What a net without any error would say of `points`: encoded and decoded again, (N, K, 2)."""
    found = []
    for some in torch.from_numpy(points).split(batch):  # maps are large
        target = codec.encode(some)
        found.append(codec.decode(target.log() if codec.wants.map_size else target))
    return torch.cat(found).numpy()


def outside(points: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Which points, (N, K) bool, the crop of `size` (width, height) cuts off; an edge is inside."""
    return ((points < -0.5) | (points > np.asarray(size) - 0.5)).any(axis=-1)


def shares(told: np.ndarray, labels: Sequence[str], scheme: Scheme) -> list[float]:
    """Means of what is told of every point (N, K): of every label's faces, then of every region's points.

    In the order of the rows of `metrics.by_group` and `metrics.by_region`.
    """
    labels = np.asarray(labels, dtype=str)
    by_label = [told[labels == label] for label in sorted(set(labels.tolist()))]
    by_region = [told[:, points] for _, points in sorted(scheme.regions.items())]
    return [float(some.mean()) for some in by_label + by_region]


def sizes(truth: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    """How large the predicted faces are; nothing of single points, which have no size.

    A face's size is the root of the mean squared distance of its points from their middle.

    size_ratio:  of a predicted face over the true one, mean over the faces: below 1 they shrink
    follow_size: the least-squares slope of predicted over true sizes, as of `metrics.following`
    """
    true, said = (np.sqrt(np.mean(np.sum(about(p) ** 2, -1), -1)) for p in (truth, predicted))
    if not true.all():
        return {}
    spread = float(np.sum((true - true.mean()) ** 2))
    slope = float(np.sum((true - true.mean()) * (said - said.mean()))) / spread if spread else 0.0
    return {"size_ratio": float(np.mean(said / true)), "follow_size": slope}


def about(points: np.ndarray) -> np.ndarray:
    """Points less the middle of their face."""
    points = np.asarray(points, np.float64)
    return points - points.mean(axis=1, keepdims=True)
