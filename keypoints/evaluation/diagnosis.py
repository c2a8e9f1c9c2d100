"""Why points are wrong: what the crop and the codec lose, and how far a net follows the faces.

Points are (N, K, 2) in pixels of the crop; what is NaN in the truth is not marked and counts nowhere.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from keypoints.landmarks import Scheme, average
from keypoints.models.codecs.codec import Codec


def encode_and_decode(codec: Codec, points: np.ndarray, batch: int = 16) -> np.ndarray:
    """The `points` encoded and decoded again, (N, K, 2): where they differ, no net of this codec is right."""
    found = []
    for some in torch.from_numpy(points).split(batch):  # maps are large
        target = codec.encode(some)
        found.append(codec.decode(codec.perfect(target)))
    return torch.cat(found).numpy()


def find_outside(points: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Which points (N, K) the crop of `size` (width, height) cuts off: 1 or 0, NaN for a missing one.

    An edge is inside.
    """
    outside = np.any((points < -0.5) | (points > np.asarray(size) - 0.5), axis=-1)
    return np.where(np.isnan(points).any(axis=-1), np.nan, outside)


def measure_shares(flags: np.ndarray, labels: Sequence[str], scheme: Scheme) -> list[float]:
    """How many of the points' flags (N, K) are 1 of those that are not NaN: by label, then by region.

    In the order of the rows of `metrics.by_group` and `metrics.by_region`.
    """
    of_face = np.asarray(labels, dtype=str)
    by_label = [flags[of_face == label] for label in sorted(set(of_face.tolist()))]
    by_region = [flags[:, points] for _, points in sorted(scheme.regions.items())]
    return [float(average(some)) for some in by_label + by_region]


def measure_following(truth: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    """How far predictions follow the faces, as least-squares slopes over what is true.

    1 is all the way, 0 is one answer for every face; between them the net regresses to the mean, above
    1 it overdoes. A face's size is the root of the mean squared distance of its points from their
    middle. Where there is one point, there is but a position; where no face differs, slopes are 0.

    follow_position: of the middle of a face's points
    follow_shape:    of the points about their middle
    follow_size:     of the size
    size_ratio:      no slope but the predicted size over the true one, mean over the faces
    """
    predicted = np.where(np.isnan(truth), np.nan, predicted)
    middles, shapes = zip(*(_parts(points) for points in (truth, predicted)), strict=True)
    slopes = {"follow_position": _slope(*middles)}
    if truth.shape[1] > 1:
        true, predicted_size = (np.sqrt(average(np.sum(shape**2, -1), -1)) for shape in shapes)
        slopes["follow_shape"] = _slope(*shapes)
        slopes["follow_size"] = _slope(true, predicted_size)
        slopes["size_ratio"] = (
            float(np.mean(predicted_size[true > 0] / true[true > 0])) if true.any() else 0.0
        )
    return slopes


def _parts(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The middle of every face's points (N, 1, 2), and the points about it (N, K, 2)."""
    points = np.asarray(points, np.float64)
    middle = average(points, axis=1)[:, None]
    return middle, points - middle


def _slope(x: np.ndarray, y: np.ndarray) -> float:
    """Of all numbers of y over those of x, each about its mean over the faces."""
    x, y = x - average(x, 0), y - average(y, 0)
    marked = ~np.isnan(x)
    x, y = (x, y) if marked.all() else (x[marked], y[marked])
    spread = float(np.sum(x**2))
    return round(float(np.sum(x * y)) / spread, 6) + 0.0 if spread else 0.0  # not -0.0
