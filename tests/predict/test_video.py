"""A film: trembling points are held back."""

from __future__ import annotations

import numpy as np

from keypoints.predict.predictor import Face
from keypoints.predict.video import Smoother


def face(x: float) -> Face:
    return Face((x, 0.0, 100.0, 100.0), 1.0, np.full((68, 2), x, np.float32), [])


def test_trembling_is_held_back_and_movement_let_through():
    smooth = Smoother()
    smooth([face(0)])
    assert smooth([face(0.4)])[0].points.max() < 0.2
    assert smooth([face(30)])[0].points.max() > 29.9
    assert smooth([face(200)])[0].points.max() == 200  # another face
