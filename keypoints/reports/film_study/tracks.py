"""How well faces are followed through a film whose truth is known."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from keypoints.landmarks import IBUG

INNER = slice(17, 68)  # brows, nose, eyes and mouth: points that most programs have
UNEVEN = 1.0  # least sum of squares of a film's speeds about their mean, for which a lag can be measured
NEAR = 1.0  # eye distances: a face whose middle is farther away is not that face


@dataclass(frozen=True, eq=False)
class Seen:
    """A program's prediction for a face in one frame.

    points: (51, 2), pixels of the frame, the INNER ones of the 68; or (1, 2), the middle of a box
    number: the face's identity; None for programs without identities
    """

    points: np.ndarray
    number: int | None = None


@dataclass(frozen=True)
class Figures:
    """The figures of a film. None for programs without points, or without identities.

    lost:     share of the true faces that were not found, 0…1
    others:   false faces per frame
    switched: how often a face had another number than before
    nme:      mean distance to the truth, as a share of the eye distance
    jitter:   root mean square change of that error from frame to frame, per coordinate
    lag:      delay of the points, seconds, by least squares along their true movement; None if they do not
              move, or at constant speed, where a delay looks like a constant error
    """

    lost: float
    others: float
    switched: int | None
    nme: float | None
    jitter: float | None
    lag: float | None

    def as_dict(self) -> dict[str, float | None]:
        return {field.name: getattr(self, field.name) for field in fields(self)}


def measure(
    truth: Sequence[Sequence[np.ndarray | None]], seen: Sequence[Sequence[Seen]], rate: float
) -> Figures:
    """The figures of a film of `rate` frames per second.

    `truth` has for each frame the points (68, 2) of every actor, or None if the actor is not there.
    """
    actors = max(map(len, truth))
    errors: list[list[np.ndarray | None]] = [
        [] for _ in range(actors)
    ]  # (51, 2) by frame, of the eye distance
    there = found = others = switched = 0
    numbers: dict[int, int | None] = {}
    for people, faces in zip(truth, seen, strict=True):
        left = list(faces)
        for actor, points in enumerate(people):
            errors[actor].append(None)
            if points is None:
                continue
            there += 1
            nearest = min(left, key=lambda face: away(face, points), default=None)
            if nearest is None or away(nearest, points) > NEAR:
                continue
            left.remove(nearest)
            found += 1
            switched += numbers.get(actor, nearest.number) != nearest.number
            numbers[actor] = nearest.number
            if len(nearest.points) > 1:
                errors[actor][-1] = (nearest.points - points[INNER]) / eye_distance(points)
        others += len(left)
    known = any(number is not None for number in numbers.values())
    return Figures(
        lost=1 - found / there,
        others=others / len(truth),
        switched=switched if known else None,
        nme=mean_length(errors),
        jitter=measure_jitter(errors),
        lag=measure_lag(truth, errors, rate),
    )


def away(face: Seen, points: np.ndarray) -> float:
    """Distance of the middle of a face from that of the true points, in eye distances."""
    middle = points[INNER].mean(axis=0)
    return float(np.linalg.norm(face.points.mean(axis=0) - middle)) / eye_distance(points)


def eye_distance(points: np.ndarray) -> float:
    return float(IBUG.eye_distance(points[None])[0])


def mean_length(errors: Sequence[Sequence[np.ndarray | None]]) -> float | None:
    lengths = [np.linalg.norm(e, axis=-1).mean() for actor in errors for e in actor if e is not None]
    return float(np.mean(lengths)) if lengths else None


def measure_jitter(errors: Sequence[Sequence[np.ndarray | None]]) -> float | None:
    steps = [
        now - before
        for actor in errors
        for before, now in itertools.pairwise(actor)
        if before is not None and now is not None
    ]
    return float(np.sqrt(np.mean(np.square(steps)) / 2)) if steps else None


def measure_lag(
    truth: Sequence[Sequence[np.ndarray | None]],
    errors: Sequence[Sequence[np.ndarray | None]],
    rate: float,
) -> float | None:
    """The lag, seconds: points that are late err by -lag times their speed, plus a constant error."""
    along = against = 0.0
    for actor, of_actor in enumerate(errors):
        err, speeds = [], []
        for frame in range(1, len(truth)):
            before, now, error = truth[frame - 1][actor], truth[frame][actor], of_actor[frame]
            if before is not None and now is not None and error is not None:
                speeds.append((now - before)[INNER] / eye_distance(now) * rate)
                err.append(error)
        if err:
            moved, missed = (np.stack(values) - np.mean(values, axis=0) for values in (speeds, err))
            along += float((moved * moved).sum())
            against -= float((moved * missed).sum())
    return against / along if along > UNEVEN else None
