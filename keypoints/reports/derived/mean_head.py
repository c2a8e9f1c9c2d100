"""The mean head that poses are measured against, out of the marked points of many faces.

Faces of all directions are the same head, turned and seen from afar; so their points factor into one shape
and a rotation for each (Tomasi and Kanade, 1992). Least squares of one and the other in turns finds both.
People are not all alike, and still it finds how deep a head is by the points that keep their place: of drawn
people, whose mean head is known, to a few per cent (a test tries it).
"""

from __future__ import annotations

import numpy as np

from keypoints.landmarks import IBUG
from keypoints.predict.faces.pose import HEAD, STABLE, Pose, fit, turn

ROUNDS = 60
KEPT = 0.97  # of the faces, those that fit best: some are marked wrong
FASTEST = 0.9  # how much of a step the next one is taken to be, when many are taken at once
MIRROR = [STABLE.index(IBUG.partners[k]) for k in STABLE]
EYES = [STABLE.index(k) for k in IBUG.eyes or ()]


def factor(points: np.ndarray) -> np.ndarray:
    """The head (15, 3) of `pose.STABLE`, in the frame of `pose.HEAD`, of faces with points (N, 68, 2)."""
    seen = points[:, list(STABLE)]
    seen = seen - seen.mean(1, keepdims=True)
    head = HEAD * [1, 1, 0.8]  # it begins too flat, and ends as it should
    for _ in range(ROUNDS):
        first = improve(seen, head)
        second = improve(seen, first)
        step, next_step = first - head, second - first
        ratio = np.clip((step * next_step).sum() / max((step * step).sum(), 1e-12), 0, FASTEST)
        head = second + next_step * ratio / (1 - ratio)  # steps shrink evenly (Aitken, 1926)
    pitch = np.median([Pose.of(fit(face, head)[0]).pitch for face in seen])  # type: ignore[index]
    head = head @ turn(0, -np.radians(pitch)).T
    return head - head[EYES].mean(0)


def improve(seen: np.ndarray, head: np.ndarray) -> np.ndarray:
    """The head that suits these points (N, 15, 2), about their middles, better; symmetric, of size 1."""
    normal, right, missed = [], [], []
    for face in seen:
        matrix, scale = fit(face, head)  # type: ignore[misc]  # no face has its points on one spot
        view = matrix[:2]
        missed.append(np.square(face / scale - (head - head.mean(0)) @ view.T).sum())
        normal.append(view.T @ view)
        right.append(face @ view / scale)
    kept = np.array(missed) <= np.quantile(missed, KEPT)
    better = np.linalg.solve(np.array(normal)[kept].sum(0), np.array(right)[kept].sum(0).T).T
    better = (better + better[MIRROR] * [-1, 1, 1]) / 2
    return (better - better.mean(0)) / np.linalg.norm(better[EYES[0]] - better[EYES[1]])
