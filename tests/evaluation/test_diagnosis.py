"""Why points are wrong: the crop's edges, the codec's loss, the size of faces."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keypoints.evaluation import diagnosis, metrics
from keypoints.landmarks import IBUG
from keypoints.models import codecs
from keypoints.settings.recipes import Codec

quick = settings(deadline=None, max_examples=30)


def faces(seed: int, points: int = 68) -> np.ndarray:
    return np.random.default_rng(seed).normal(50, 20, (7, points, 2))


def test_an_edge_is_inside():
    width, height = 80, 60
    inside = [[-0.5, -0.5], [79.5, 59.5], [0, 0], [79.5, -0.5]]
    beyond = [[-0.6, 0], [0, -0.6], [79.6, 0], [0, 59.6]]
    told = diagnosis.find_outside(np.array([inside, beyond]), (width, height))
    assert told.tolist() == [[False] * 4, [True] * 4]


def test_shares_are_in_the_order_of_the_rows_of_metrics():
    labels = ["b", "a", "b", "c", "a", "b", "b"]
    points, told = faces(1), np.zeros((7, 68), bool)
    told[[1, 4]] = True
    told[:, IBUG.regions["jaw"]] = True
    args = (points, points, np.full((7, 2), 100), np.full(7, 30.0))
    rows = metrics.by_group(labels, *args) + metrics.by_region(IBUG, *args)
    found = {r["name"]: s for r, s in zip(rows, diagnosis.measure_shares(told, labels, IBUG), strict=True)}
    jaw = len(IBUG.regions["jaw"]) / 68
    assert found["a"] == found["jaw"] == 1
    assert found["b"] == found["c"] == pytest.approx(jaw)
    assert found["mouth"] == pytest.approx(2 / 7)


@quick
@given(st.integers(0, 1000), st.integers(2, 5), st.floats(0, 2), st.floats(0.1, 3))
def test_following_parts_position_from_shape_and_size(seed, points, position, shape):
    truth = faces(seed, points)
    mean = truth.mean(axis=(0, 1))
    middle = truth.mean(axis=1, keepdims=True) - mean
    predicted = mean + position * middle + shape * (truth - mean - middle) + 3
    expected = {"position": position, "shape": shape, "size": shape}
    expected = {f"follow_{name}": slope for name, slope in expected.items()} | {"size_ratio": shape}
    assert diagnosis.measure_following(truth, predicted) == pytest.approx(expected, abs=1e-6)


def test_one_answer_for_all_follows_no_face():
    truth = faces(2) * np.linspace(1, 2, 7)[:, None, None]
    found = diagnosis.measure_following(truth, np.broadcast_to(truth[:1], truth.shape))
    assert 0.5 < found.pop("size_ratio") < 1
    assert found == {"follow_position": 0, "follow_shape": 0, "follow_size": 0}


def test_a_point_has_a_position_only():
    truth = faces(3, points=1)
    assert diagnosis.measure_following(truth, truth) == {"follow_position": 1}
    assert diagnosis.measure_following(truth[:1], truth[:1]) == {"follow_position": 0}


def test_maps_pull_in_what_lies_outside_and_coordinates_do_not():
    points = np.array([[[20.0, 30.0], [-9.0, 30.0], [40.0, 70.0]]], np.float32)  # of a crop of 80x60
    coordinates = Codec("coordinates", "l1", scale=100.0, offset=0.5)
    maps = Codec("heatmap", "cross_entropy", sigma=0.04, map_size=[40, 30])
    kept, pulled = (
        diagnosis.encode_and_decode(codecs.build(c, 3, (80, 60)), points) for c in (coordinates, maps)
    )
    np.testing.assert_allclose(kept, points, atol=1e-4)
    lost = np.linalg.norm(pulled - points, axis=-1)[0]
    assert lost[0] < 0.5 and min(lost[1:]) > 8
