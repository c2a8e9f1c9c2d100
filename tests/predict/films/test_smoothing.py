"""Trembling is held back, movement is let through, at any rate of frames."""

from __future__ import annotations

import numpy as np
import pytest

from keypoints.predict.faces.face import Face
from keypoints.predict.films.following import Followed
from keypoints.predict.films.smoothing import Smoother


def face(points: np.ndarray | float, number: int = 1) -> Followed:
    made = np.broadcast_to(np.float32(points), (68, 2))
    return Followed(number, Face((0.0, 0.0, 100.0, 100.0), 1.0, made, []), 0)


@pytest.mark.parametrize("rate", [10.0, 25.0, 120.0])
def test_trembling_is_held_back(rate: float) -> None:
    noise = np.random.default_rng(0).normal(0, 0.3, (round(4 * rate), 68, 2)).astype(np.float32)
    smooth = Smoother()
    held = np.stack([smooth([face(n)], i / rate)[0].points for i, n in enumerate(noise)])
    late = held[len(held) // 2 :]
    assert late.std() < 0.7 * noise.std()
    assert np.diff(late, axis=0).std() < 0.5 * np.diff(noise, axis=0).std()


@pytest.mark.parametrize("rate", [10.0, 25.0, 120.0])
def test_movement_is_let_through(rate: float) -> None:
    """A face that crosses its own width in half a second is a frame behind at most, or 20 ms."""
    smooth = Smoother()
    for i in range(round(rate)):
        (seen,) = smooth([face(200.0 * i / rate)], i / rate)
    behind = 200.0 * i / rate - seen.points
    assert 0 <= behind.max() <= max(0.02, 0.2 / rate) * 200


def test_faces_are_held_back_by_themselves() -> None:
    """A new number is a new face: it appears where it is, as one that comes back long after."""
    smooth = Smoother()
    smooth([face(0.0, 1), face(50.0, 2)], 0.0)
    first, third = smooth([face(0.0, 1), face(80.0, 3)], 0.04)
    assert first.points.max() == 0 and third.points.max() == 80
    (back,) = smooth([face(9.0, 2)], 0.08)
    assert back.points.max() == 9


def test_the_same_moment_twice_is_no_division_by_zero() -> None:
    smooth = Smoother()
    smooth([face(0.0)], 0.0)
    assert np.isfinite(smooth([face(1.0)], 0.0)[0].points).all()
