"""Photographs of the study, changed: the truth changes with them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keypoints import crops
from keypoints.datasets import scenes
from keypoints.reports.box_study import photographs
from keypoints.synthetic.head import Expression, Head, Person, Pose


@given(st.floats(-180, 180), st.booleans())
def test_the_true_box_of_a_turned_or_mirrored_face(roll, flip):
    """It lies about the turned middle of the box in the photograph; dlib's own lies a little to one side."""
    face = Head(Person(), Expression(), Pose(300, 200, 80)).ibug
    box = crops.dlib_box(face)
    matrix = scenes.place(box, 90.0, roll, flip, np.array([50.0, 60.0]))
    placed = scenes.PlacedFace(crops.apply(matrix, face), roll, 0.0, flip)
    left, top, *sides = photographs.upright_box(placed)
    assert sides == pytest.approx([90, 90], rel=0.02)
    assert (left + 45, top + 45) == pytest.approx((50, 60), abs=5)


def test_the_nearest_box_must_share_a_third():
    box, near, far = (0.0, 0.0, 10.0, 10.0), (1.0, 0.0, 10.0, 10.0), (8.0, 0.0, 10.0, 10.0)
    assert photographs.find_nearest([far, near], box) == 1
    assert photographs.find_nearest([far], box) is photographs.find_nearest([], box) is None


@given(st.floats(-180, 180))
def test_a_turned_photograph_shows_its_points_where_they_are_said(roll):
    image, points = np.zeros((90, 120, 3), np.uint8), np.array([(50.0, 40.0), (70.0, 40.0), (60.0, 60.0)])
    for x, y in points.astype(int):
        image[y - 2 : y + 3, x - 2 : x + 3] = 255
    turned = photographs.turn(scenes.Photo(image, (45.0, 35.0, 30.0, 30.0), points), roll)
    for x, y in turned.points.round().astype(int):
        assert turned.image[y, x].min() > 200
