"""What follows from a face's points, in JSON and in a table."""

from __future__ import annotations

import json

import numpy as np
import pytest

from keypoints.landmarks import IBUG, NOSE
from keypoints.predict.faces import derived
from keypoints.predict.faces.face import Face
from keypoints.synthetic.head import Expression, Head, Person, Pose

BOX = (0.0, 0.0, 100.0, 100.0)
POINTS = Head(Person(), Expression(eyes=1.0), Pose(50, 50, 40, yaw=20)).ibug
FACE = Face(BOX, 1.0, POINTS, IBUG.names(), np.linspace(0.5, 3, 68))


def test_a_face_tells_all_of_it_behind_what_it_always_told() -> None:
    told = json.loads(json.dumps(FACE.as_dict()))
    names = ["box", "score", "points", "pose", "eyes", "mouth", "blink", "confidence", "confidences"]
    assert list(told) == names and told["blink"] is True
    assert told["pose"]["yaw"] == pytest.approx(20, abs=4) and len(told["confidences"]) == 68


def test_a_row_has_the_same_in_columns() -> None:
    told, columns = FACE.as_dict(), derived.columns(FACE.names, film=False)
    row = dict(zip(columns, derived.cells(told, columns), strict=True))
    assert row["yaw"] == told["pose"]["yaw"] and row["eye_right"] == told["eyes"]["right"]
    assert row["blink"] == 1 and row["confidence"] == told["confidence"]
    assert row["mouth_19_confidence"] == told["confidences"][-1] and "blinks" not in row


def test_what_is_not_known_is_absent_and_empty() -> None:
    once = Face(BOX, 1.0, POINTS, IBUG.names())
    assert "confidence" not in once.as_dict()
    assert derived.cells(once.as_dict(), ["confidence", "jaw_0_confidence", "blinks"]) == ["", "", ""]
    nose = Face(BOX, 1.0, np.zeros((1, 2)), NOSE.names())
    assert list(nose.as_dict()) == ["box", "score", "points"] and derived.columns(NOSE.names(), True) == []


def test_a_films_face_has_its_blinks() -> None:
    told = Face(BOX, 1.0, POINTS, IBUG.names(), blinks=3).as_dict()
    columns = derived.columns(IBUG.names(), film=True)
    assert dict(zip(columns, derived.cells(told, columns), strict=True))["blinks"] == told["blinks"] == 3
