"""Boxes and points drawn on a photograph, which itself stays as it is."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from keypoints.errors import UserError
from keypoints.landmarks import IBUG, IMM, NOSE
from keypoints.pictures import colours
from keypoints.predict import annotation
from keypoints.predict.faces.face import Face
from keypoints.predict.writers.pictures import Pictures
from keypoints.synthetic.head import Expression, Head, Person, Pose

PHOTO = Image.new("RGB", (80, 60))
FACE = Face((10.0, 5.0, 40.0, 40.0), 1.0, np.array([[30.0, 20.0]], np.float32), ["nose_0"])


def test_a_point_and_a_box_are_where_they_belong():
    drawn = np.asarray(annotation.draw(PHOTO, [FACE], NOSE))
    assert tuple(drawn[20, 30]) == colours.to_rgb(colours.PREDICTED)
    for row in (5, 44):  # smooth lines are a little darker
        assert np.abs(drawn[row, 30] - np.array(colours.to_rgb(colours.BOX))).max() < 40
    assert not np.asarray(PHOTO).any() and not drawn[:, 60:].any()


def test_what_lies_far_outside_is_cut_off():
    far = Face((1e9, -1e9, 40.0, 40.0), 1.0, np.array([[1e12, -1e12]], np.float32), ["nose_0"])
    assert not np.asarray(annotation.draw(PHOTO, [far], NOSE)).any()


def test_the_axes_of_a_head_show_where_it_looks():
    """The last one is drawn to the side that the face looks to."""
    for yaw in (-40, 40):
        points = Head(Person(), Expression(), Pose(100, 100, 60, yaw)).ibug
        face = Face((50.0, 50.0, 100.0, 100.0), 1.0, points, IBUG.names())
        drawn = np.asarray(annotation.draw(Image.new("RGB", (200, 200)), [face], IBUG, annotation.POSE))
        column = np.where((drawn == colours.to_rgb(annotation.AXES[2])).all(-1))[1]
        middle = points[annotation.ORIGIN, 0]
        assert abs(column.max() - middle if yaw > 0 else column.min() - middle) > 25
    with pytest.raises(UserError, match="how a head is turned"):
        annotation.draw(PHOTO, [FACE], NOSE, annotation.POSE)


@pytest.mark.parametrize("overlay, scheme", [("galsses", IBUG), ("hat", NOSE), ("pose", IMM)])
def test_an_overlay_without_sense_is_refused_before_there_is_a_face(overlay, scheme, tmp_path):
    with pytest.raises(UserError):
        annotation.draw(Image.new("RGB", (8, 8)), [], scheme, overlay)
    with pytest.raises(UserError):
        Pictures(tmp_path, scheme, overlay)
