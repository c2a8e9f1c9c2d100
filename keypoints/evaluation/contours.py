"""Which way points are wrong: along the outline that they lie on, or across it.

A point that no corner marks can slide along its outline, for the picture looks the same all along; so the
write-up "anon" explains why the sides of the face are its worst. An error along an outline moves nothing that
one sees of it, an error across it does.
"""

from __future__ import annotations

import numpy as np

from keypoints.landmarks import Scheme, average

PARTS = ("along", "across")


def find_places(scheme: Scheme) -> np.ndarray:
    """Every place of a point on an outline (P, 3): the point, and its neighbours before and after it.

    A closed outline goes round; at an end of an open one, the point stands for the neighbour that it lacks.
    """
    places: list[tuple[int, int, int]] = []
    for run in scheme.outlines:
        closed = len(run) > 1 and run[0] == run[-1]
        points = run[:-1] if closed else run
        before = (points[-1] if closed else points[0], *points[:-1])
        after = (*points[1:], points[0] if closed else points[-1])
        places += zip(points, before, after, strict=True)
    return np.array(places, np.int64).reshape(-1, 3)


def split_errors(scheme: Scheme, truth: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """The error of each place (N, P, 2) of `find_places`: along its outline and across it, never below 0.

    `truth` and `predicted` (N, K, 2) are in one unit, and so are the errors; the sum of both squares is that
    of the whole error. The outline's direction is that of the line between the true neighbours; NaN where
    they lie on one spot, and where one of them or the point is not marked.
    """
    point, before, after = find_places(scheme).T
    truth, predicted = (np.asarray(points, np.float64) for points in (truth, predicted))
    direction = truth[:, after] - truth[:, before]
    length = np.linalg.norm(direction, axis=-1, keepdims=True)
    x, y = np.moveaxis(direction / np.where(length > 0, length, np.nan), -1, 0)
    right, down = np.moveaxis((predicted - truth)[:, point], -1, 0)
    return np.abs(np.stack([right * x + down * y, down * x - right * y], axis=-1))


def measure(
    scheme: Scheme, truth: np.ndarray, predicted: np.ndarray, eye_distance: np.ndarray
) -> dict[str, dict[str, float]]:
    """Region -> its figures, and "" -> those of all outlines; nothing of a scheme without outlines.

    along, across: mean error over the faces, % of `eye_distance` (N,)
    along_share:   of the squared error, how much lies along: 0.5 where it has no direction

    Points as in `metrics`. A region without a point on an outline that any face has is left out.
    """
    errors = 100 * split_errors(scheme, truth, predicted) / np.asarray(eye_distance)[:, None, None]
    on_outlines = find_places(scheme)[:, 0]
    found = {}
    for region, points in {"": tuple(range(scheme.points)), **scheme.regions}.items():
        own = errors[:, np.isin(on_outlines, points)]
        if not np.isnan(own).all():  # also where there is none
            along, across = average(average(own, axis=1), axis=0)
            squares = average(own**2, axis=(0, 1))
            share = squares[0] / squares.sum() if squares.any() else 0.5
            found[region] = {"along": float(along), "across": float(across), "along_share": float(share)}
    return found
