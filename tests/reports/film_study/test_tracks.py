"""What is measured of a film is what was put into it."""

from __future__ import annotations

import numpy as np
import pytest

from keypoints.landmarks import IBUG
from keypoints.reports.film_study import tracks
from keypoints.reports.film_study.tracks import INNER, Seen
from keypoints.synthetic.drawing import Head
from keypoints.synthetic.head import Expression, Person, Pose

RATE = 25.0
FACE = Head(Person(), Expression(), Pose(300, 200, 80)).ibug
EYES = float(IBUG.eye_distance(FACE[None])[0])
RNG = np.random.default_rng(0)


def moving(frames: int) -> list[np.ndarray]:
    """To and fro."""
    return [FACE + [100 * np.sin(i / 8), 0] for i in range(frames)]


def seen(points: np.ndarray, number: int | None = 1) -> list[Seen]:
    return [Seen(points[INNER], number)]


def test_the_truth_itself_has_no_error() -> None:
    truth = moving(50)
    found = tracks.measure([[p] for p in truth], [seen(p) for p in truth], RATE)
    assert found == tracks.Figures(0, 0, 0, 0, 0, pytest.approx(0))


@pytest.mark.parametrize("frames", [1, 2])
def test_points_that_are_frames_late_lag_so_much(frames: int) -> None:
    truth = moving(200)
    late = [truth[max(0, i - frames)] for i in range(200)]
    found = tracks.measure([[p] for p in truth], [seen(p) for p in late], RATE)
    assert found.lag == pytest.approx(frames / RATE, rel=0.1)


def test_an_error_that_stays_is_neither_jitter_nor_lag() -> None:
    truth = moving(100)
    found = tracks.measure([[p] for p in truth], [seen(p + [0.05 * EYES, 0]) for p in truth], RATE)
    assert found.nme == pytest.approx(0.05)
    assert found.jitter == pytest.approx(0, abs=1e-9) and found.lag == pytest.approx(0, abs=1e-6)


def test_jitter_is_what_a_coordinate_trembles_by() -> None:
    noisy = [FACE + RNG.normal(0, 0.02 * EYES, FACE.shape) for _ in range(100)]
    found = tracks.measure([[FACE]] * 100, [seen(p) for p in noisy], RATE)
    assert found.jitter == pytest.approx(0.02, rel=0.05)
    assert found.lag is None  # nothing moves


def test_lost_others_and_switched_are_counted() -> None:
    """Two faces; one is lost for a frame, one is seen where nobody is, and one gets a new number."""
    other = FACE + [0, 300]
    both = [*seen(FACE, 1), *seen(other, 2)]
    frames = [both, seen(FACE, 1), [*both, *seen(FACE + [900, 0], 3)], [*seen(FACE, 1), *seen(other, 4)]]
    found = tracks.measure([[FACE, other]] * 4, frames, RATE)
    assert (found.lost, found.others, found.switched) == (1 / 8, 1 / 4, 1)


def test_who_is_hidden_need_not_be_found() -> None:
    found = tracks.measure([[FACE, None], [FACE, FACE + 400.0]], [seen(FACE), seen(FACE)], RATE)
    assert found.lost == pytest.approx(1 / 3)


def test_boxes_without_points_and_numbers_have_no_figures_of_these() -> None:
    middle = [Seen(FACE[INNER].mean(axis=0, keepdims=True))]
    assert tracks.measure([[FACE]] * 3, [middle] * 3, RATE) == tracks.Figures(0, 0, None, None, None, None)
