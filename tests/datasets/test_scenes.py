"""Scenes whose truth is known: the truth is where the faces are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keypoints import crops
from keypoints.datasets import scenes

POINTS = np.array([(30.0, 40.0), (70.0, 40.0), (50.0, 60.0), (40.0, 80.0), (60.0, 80.0)])


def photo() -> scenes.Photo:
    """A grey photograph with a white spot at each point of its face."""
    image = np.full((120, 100, 3), 90, np.uint8)
    for x, y in POINTS.astype(int):
        image[y - 1 : y + 2, x - 1 : x + 2] = 255
    return scenes.Photo(image, (20.0, 30.0, 60.0, 60.0), POINTS)


def test_points_are_where_the_spots_are():
    layout = scenes.Layout(faces=(1, 1), sides=(150.0, 220.0), cover=0.0)
    rng = np.random.default_rng(1)
    seen = 0
    for _ in range(10):
        scene, placed = scenes.compose([photo()], layout, rng)
        for face in placed:
            inside = [(x, y) for x, y in face.points.round().astype(int) if 3 < x < 636 and 3 < y < 476]
            for x, y in inside:
                around = scene[max(0, y - 25) : y + 26, max(0, x - 25) : x + 26].astype(int).sum(-1)
                assert scene[y, x].astype(int).sum() >= around.max() - 30
                seen += 1
    assert seen > 20


def test_roll_and_side_are_those_of_the_points():
    """Of mirrored faces too, whose points come with left and right the other way round."""
    rng, kinds = np.random.default_rng(2), set()
    for _ in range(30):
        for face in scenes.compose([photo()], scenes.Layout(), rng)[1]:
            left, right = face.points[[1, 0] if face.mirrored else [0, 1]]
            angle = np.degrees(np.arctan2(*(right - left)[::-1]))
            assert (angle - face.roll + 180) % 360 - 180 == pytest.approx(0, abs=1e-6)
            mouth = face.points[3:].mean(axis=0) - (left + right) / 2
            assert np.cross([*(right - left), 0], [*mouth, 0])[2] > 0  # below the eyes
            kinds.add((face.mirrored, face.roll > 0))
    assert len(kinds) == 4


def test_the_same_seed_gives_the_same_scene():
    made = [scenes.compose([photo()], scenes.Layout(), np.random.default_rng(3))[0] for _ in range(2)]
    np.testing.assert_array_equal(*made)


@given(st.floats(10, 300), st.floats(-180, 180), st.booleans())
def test_a_face_gets_the_side_the_roll_and_the_place_that_are_asked(side, roll, flip):
    box = (20.0, 30.0, 60.0, 60.0)
    matrix = scenes.place(box, side, roll, flip, np.array([100.0, 50.0]))
    middle, right = crops.apply(matrix, np.array([(50.0, 60.0), (80.0, 60.0)]))
    assert middle == pytest.approx((100, 50))
    away = (right - middle) * (-1 if flip else 1)
    assert np.hypot(*away) == pytest.approx(side / 2)
    angle = np.degrees(np.arctan2(away[1], away[0]))
    assert (angle - roll + 180) % 360 - 180 == pytest.approx(0, abs=1e-6)


def test_what_is_outside_or_covered_is_hidden():
    points = np.array([(10.0, 10.0), (-5.0, 10.0), (50.0, 50.0), (99.0, 99.0)])
    owner = np.full((100, 100), 3)
    assert scenes.share_hidden(points, owner, 3) == 0.25
    owner[40:60, 40:60] = scenes.COVERED
    assert scenes.share_hidden(points, owner, 3) == 0.5
    assert scenes.share_hidden(points, owner, 4) == 1
    assert not scenes.PlacedFace(points, 0.0, 0.5).counts


def test_a_patch_hides_what_it_is_painted_over():
    scene, owner = np.zeros((80, 90, 3), np.uint8), np.ones((80, 90), np.int32)
    scenes.cover(scene, owner, POINTS, np.random.default_rng(5))
    np.testing.assert_array_equal((scene > 0).any(-1), owner == scenes.COVERED)


def test_a_small_face_under_a_later_photograph_is_hidden():
    """Two photographs may share a little of the scene, which may be all of the smaller one."""
    layout, rng = scenes.Layout(sides=(10.0, 220.0), faces=(6, 8), cover=0.0), np.random.default_rng(6)
    inside = [
        face
        for _ in range(40)
        for face in scenes.compose([photo()], layout, rng)[1]
        if (face.points >= 0).all() and (face.points <= np.array(layout.size) - 1).all()
    ]
    assert {0.0, 1.0} <= {face.hidden for face in inside}
    assert np.mean([face.hidden == 0 for face in inside]) > 0.8
