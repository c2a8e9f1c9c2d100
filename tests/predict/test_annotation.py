"""Boxes and points drawn on a photograph, which itself stays as it is."""

from __future__ import annotations

import numpy as np
from PIL import Image

from keypoints import colours
from keypoints.landmarks import NOSE
from keypoints.predict import annotation
from keypoints.predict.predictor import Face

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
