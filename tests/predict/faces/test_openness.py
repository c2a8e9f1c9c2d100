"""Open and closed eyes and mouths, of drawn faces."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keypoints.landmarks import IBUG
from keypoints.predict.faces.face import Face
from keypoints.synthetic.head import Expression, Head, Person, Pose


def face(yaw: float = 0, who: Person | None = None, **expression: float) -> Face:
    head = Head(who or Person(), Expression(**expression), Pose(100, 100, 60, yaw))
    return Face((0.0, 0.0, 9.0, 9.0), 1.0, head.ibug, IBUG.names())


@settings(deadline=None, max_examples=50)
@given(yaw=st.floats(-40, 40), seed=st.integers(0, 99), eyes=st.sampled_from([0.0, 0.9]))
def test_closed_eyes_are_told_from_open_ones_on_turned_heads(yaw, seed, eyes) -> None:
    assert face(yaw, Person.random(np.random.default_rng(seed)), eyes=eyes).blink == (eyes == 0.9)


def test_eyes_that_close_and_mouths_that_open_do_so_steadily() -> None:
    amounts = (0.0, 0.25, 0.5, 0.75, 1.0)
    eyes = [face(eyes=amount).eyes.mean for amount in amounts]  # type: ignore[union-attr]
    mouths = [face(mouth=amount).mouth for amount in amounts]
    assert eyes == sorted(eyes, reverse=True) and mouths == sorted(mouths)  # type: ignore[type-var]
    assert eyes[0] > 0.3 and eyes[-1] < 0.05 and mouths[0] < 0.05 and mouths[-1] > 0.5  # type: ignore[operator]


def test_a_turn_of_the_head_changes_little() -> None:
    """Though the far eye is seen two fifths narrower."""
    ahead, turned = face().eyes, face(35).eyes
    assert ahead is not None and turned is not None
    assert turned.mean == pytest.approx(ahead.mean, rel=0.1)
    far = np.linalg.norm(face(35).points[45] - face(35).points[42])
    assert far < 0.6 * np.linalg.norm(face().points[45] - face().points[42])


def test_left_is_the_pictures_left() -> None:
    winking = face()
    winking.points[[37, 38]] = winking.points[[41, 40]]
    assert winking.eyes is not None and winking.eyes.left == 0 and winking.eyes.right > 0.3
    assert not winking.blink


def test_corners_on_one_spot_give_numbers() -> None:
    shut = face()
    shut.points[36] = shut.points[39]
    assert shut.eyes is not None and np.isfinite(shut.eyes).all()
