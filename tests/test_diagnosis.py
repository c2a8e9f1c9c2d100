"""Why points are wrong: the crop's edges, the codec's loss, the size of faces."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keypoints import diagnosis, metrics
from keypoints.landmarks import IBUG

quick = settings(deadline=None, max_examples=30)


def faces(seed: int, points: int = 68) -> np.ndarray:
    return np.random.default_rng(seed).normal(50, 20, (7, points, 2))


def test_an_edge_is_inside():
    width, height = 80, 60
    inside = [[-0.5, -0.5], [79.5, 59.5], [0, 0], [79.5, -0.5]]
    beyond = [[-0.6, 0], [0, -0.6], [79.6, 0], [0, 59.6]]
    told = diagnosis.outside(np.array([inside, beyond]), (width, height))
    assert told.tolist() == [[False] * 4, [True] * 4]


def test_shares_are_in_the_order_of_the_rows_of_metrics():
    labels = ["b", "a", "b", "c", "a", "b", "b"]
    points, told = faces(1), np.zeros((7, 68), bool)
    told[[1, 4]] = True
    told[:, IBUG.regions["jaw"]] = True
    args = (points, points, np.full((7, 2), 100), np.full(7, 30.0))
    rows = metrics.by_group(labels, *args) + metrics.by_region(IBUG, *args)
    found = {r["name"]: s for r, s in zip(rows, diagnosis.shares(told, labels, IBUG), strict=True)}
    jaw = len(IBUG.regions["jaw"]) / 68
    assert found["a"] == found["jaw"] == 1
    assert found["b"] == found["c"] == pytest.approx(jaw)
    assert found["mouth"] == pytest.approx(2 / 7)


@quick
@given(st.integers(0, 1000), st.floats(0.1, 3), st.floats(-50, 50))
def test_a_face_drawn_smaller_has_that_size_wherever_it_lies(seed, scale, shift):
    truth = faces(seed)
    drawn = shift + scale * truth
    assert diagnosis.sizes(truth, drawn) == pytest.approx({"size_ratio": scale, "follow_size": scale})


def test_one_size_for_all_follows_none():
    truth = faces(2) * np.linspace(1, 2, 7)[:, None, None]
    found = diagnosis.sizes(truth, np.broadcast_to(truth[:1], truth.shape))
    assert found["follow_size"] == pytest.approx(0, abs=1e-9) and found["size_ratio"] < 1


def test_a_point_has_no_size():
    assert diagnosis.sizes(faces(3, points=1), faces(4, points=1)) == {}
