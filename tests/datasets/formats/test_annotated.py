"""Boxes of faces that have none of their own."""

from __future__ import annotations

import math

import pytest

from keypoints import crops
from keypoints.datasets.formats.annotated import box_of

GAP = (math.nan, math.nan)


@pytest.mark.parametrize(
    "points, box",
    [
        ([(10, 20), (50, 50)], (10.5, 20.5, 40, 30)),
        ([(10, 20), GAP, (50, 20)], (10.5, 10.5, 40, 20)),
        ([(10, 20), (12, 60)], (1.5, 20.5, 20, 40)),
        ([(10, 20), GAP, (10, 20)], ()),
    ],
)
def test_the_box_of_points_is_at_least_half_as_wide_as_high_and_the_other_way_round(points, box):
    assert box_of([value for point in points for value in point]) == box


def test_eyes_that_lie_nearly_level_show_as_much_of_a_face_as_any():
    sides = [crops.square(box_of([40, 70, 80, 70 + tilt]))[2] for tilt in (0, 0.001, 1, 15)]
    assert sides == pytest.approx([sides[0]] * 4)
