"""Blinks of a film's faces, counted when the eyes are open again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from keypoints.landmarks import IBUG, NOSE
from keypoints.predict.faces.face import Face
from keypoints.predict.films.blinks import Blinks
from keypoints.predict.films.following import Followed
from keypoints.synthetic.head import Expression, Head, Person, Pose

BLINK = [0.3, 0.8, 1.0, 0.7, 0.2]  # how closed the eyes are, frame by frame
BOX = (0.0, 0.0, 100.0, 100.0)


def face(closed: float, who: Person) -> Face:
    return Face(BOX, 1.0, Head(who, Expression(eyes=closed), Pose(50, 50, 40)).ibug, IBUG.names())


def count(closed: Sequence[float], rate: float = 25.0, who: Person | None = None) -> list[int | None]:
    """How many blinks a face has had at each frame."""
    counter, counts = Blinks(rate), []
    for amount in closed:
        seen = face(amount, who or Person())
        counts.append(counter([Followed(1, seen, 0)], [seen])[0].blinks)
    return counts


@pytest.mark.parametrize("size", [-1.0, 0.0, 1.0])
def test_each_blink_counts_once_when_it_ends(size: float) -> None:
    """Also of narrow eyes."""
    film = [0.0] * 10 + BLINK + [0.0] * 10 + BLINK + [0.0] * 10
    counts = count(film, who=Person(eye_size=size))
    assert counts[11] == 0 and counts[15] == 1 and counts[-1] == 2
    assert counts == sorted(counts)  # type: ignore[type-var]


def test_eyes_that_stay_closed_and_eyes_that_narrow_do_not_blink() -> None:
    assert count([0.0] * 10 + [1.0] * 60 + [0.0] * 30)[-1] == 0
    assert count([0.0] * 10 + [0.3] * 8 + [0.0] * 30)[-1] == 0


def test_a_blink_lasts_as_long_at_any_rate() -> None:
    for rate, frames in ((10.0, 3), (60.0, 20)):
        assert count([0.0] * 10 + [1.0] * frames + [0.0] * 10, rate)[-1] == 1
        assert count([0.0] * 10 + [1.0] * 3 * frames + [0.0] * 10, rate)[-1] == 0


def test_faces_blink_for_themselves_also_when_one_is_gone_for_a_moment() -> None:
    counter = Blinks(25.0)
    for frame, amount in enumerate([0.0] * 5 + BLINK + [0.0] * 5):
        one, other = face(amount, Person()), face(0.0, Person(eye_size=1))
        pairs = [(2, other)] if frame == 12 else [(1, one), (2, other)]
        seen = [Followed(number, known, frame) for number, known in pairs]
        told = counter(seen, [known for _, known in pairs])
    assert [known.blinks for known in told] == [1, 0]


def test_what_has_no_eyes_has_no_blinks() -> None:
    nose = Face(BOX, 1.0, np.zeros((1, 2)), NOSE.names())
    assert Blinks(25.0)([Followed(1, nose, 0)], [nose]) == [nose]
