"""Errors are split along and across outlines, whichever way these run."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keypoints.evaluation import contours
from keypoints.landmarks import IBUG, IMM, NOSE, SCHEMES, WFLW, Scheme

quick = settings(deadline=None, max_examples=30)
seeds = st.integers(0, 2**32 - 1)
angles = st.floats(0, 2 * np.pi)
marked = pytest.mark.parametrize("scheme", [IBUG, IMM, WFLW], ids=lambda scheme: scheme.name)
LINE = Scheme("line", {"line": (0, 1, 2, 3, 4)}, ((0, 1, 2, 3, 4),), (0, 1, 2, 3, 4), None)


def faces(seed: int, points: int) -> tuple[np.ndarray, np.ndarray]:
    """True points (4, K, 2) and predicted ones."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(50, 20, (4, points, 2))
    return truth, truth + rng.normal(0, 3, truth.shape)


def turned(points: np.ndarray, angle: float) -> np.ndarray:
    cos, sin = np.cos(angle), np.sin(angle)
    return points @ np.array([[cos, sin], [-sin, cos]])


@quick
@given(angles, st.floats(-9, 9), st.lists(st.floats(0.1, 5), min_size=5, max_size=5))
def test_what_slides_along_a_line_is_not_off_it(angle, offset, steps):
    truth = np.stack([np.cumsum(steps), np.zeros(5)], axis=-1)[None]
    for shift, expected in (([offset, 0], (abs(offset), 0)), ([0, offset], (0, abs(offset)))):
        found = contours.split_errors(LINE, turned(truth, angle), turned(truth + shift, angle))
        np.testing.assert_allclose(found, np.broadcast_to(expected, (1, 5, 2)), atol=1e-9)


@marked
@given(seeds)
@quick
def test_both_parts_make_the_whole_error(scheme, seed):
    truth, predicted = faces(seed, scheme.points)
    whole = np.linalg.norm(predicted - truth, axis=-1)[:, contours.find_places(scheme)[:, 0]]
    found = contours.split_errors(scheme, truth, predicted)
    np.testing.assert_allclose(np.hypot(*np.moveaxis(found, -1, 0)), whole)


@marked
@given(seeds, angles, st.floats(0.1, 10))
@quick
def test_the_way_a_face_lies_changes_nothing(scheme, seed, angle, scale):
    truth, predicted = faces(seed, scheme.points)
    eyes = scheme.eye_distance(truth)
    expected = contours.measure(scheme, truth, predicted, eyes)
    moved = (scale * turned(points, angle) + [7, -3] for points in (truth, predicted))
    mirrored = (scheme.mirror(points, 100) for points in (truth, predicted))
    for found in (
        contours.measure(scheme, *moved, scale * eyes),
        contours.measure(scheme, *mirrored, eyes),
    ):
        assert found.keys() == expected.keys()
        assert all(found[region] == pytest.approx(expected[region]) for region in expected)


def test_a_closed_outline_goes_round_and_an_open_one_ends():
    places = {point: (before, after) for point, before, after in contours.find_places(IBUG).tolist()}
    assert places[36] == (41, 37) and places[41] == (40, 36)  # an eye
    assert places[0] == (0, 1) and places[8] == (7, 9) and places[16] == (15, 16)  # the jaw
    assert sorted(places) == list(range(68))


@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=lambda scheme: scheme.name)
def test_every_region_with_an_outline_has_its_figures(scheme):
    truth, predicted = faces(1, scheme.points)
    found = contours.measure(scheme, truth, predicted, np.ones(4))
    drawn = {k for run in scheme.outlines for k in run}
    regions = {region for region, points in scheme.regions.items() if drawn & {*points}}
    assert found.keys() == regions | ({""} if drawn else set())
    assert contours.measure(NOSE, truth[:, :1], predicted[:, :1], np.ones(4)) == {}


def test_no_error_has_no_direction():
    truth, _ = faces(2, 68)
    assert contours.measure(IBUG, truth, truth, np.ones(4))["jaw"] == {
        "along": 0,
        "across": 0,
        "along_share": 0.5,
    }


def test_what_is_not_marked_or_has_no_direction_counts_nowhere():
    truth = np.array([[[0, 0], [1, 0], [2, 0], [3, 0], [4, 0.0]], [[0, 0]] * 5])  # a line, and a heap
    truth[0, 3] = np.nan
    predicted = np.nan_to_num(truth) + [[[0, 1]], [[5, 5]]]
    found = contours.split_errors(LINE, truth, predicted)
    assert np.isnan(found[..., 0]).tolist() == [[False, False, True, True, True], [True] * 5]
    assert contours.measure(LINE, truth, predicted, np.array([10.0, 10.0]))["line"] == {
        "along": 0,
        "across": 10,
        "along_share": 0,
    }
    truth[0] = np.nan
    assert contours.measure(LINE, truth, predicted, np.ones(2)) == {}
