"""The table is there only when it is whole."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from PIL import Image

from keypoints.errors import UserError
from keypoints.landmarks import IBUG, NOSE
from keypoints.predict import writers
from keypoints.predict.faces.face import Face
from keypoints.synthetic.drawing import Expression, Person, Pose, Scene, draw

DRAWN = draw(Person(), Expression(), Pose(90, 90, 60, yaw=20), Scene(), (180, 180))
FACE = Face((40.0, 50.0, 100.0, 100.0), 1.0, DRAWN.ibug, IBUG.names(), np.full(68, 1.0))


def test_a_table_that_breaks_off_leaves_no_file(tmp_path):
    with pytest.raises(KeyError), writers.Csv(tmp_path / "a.csv", NOSE):
        raise KeyError
    assert not list(tmp_path.iterdir())
    with writers.Csv(tmp_path / "a.csv", NOSE):
        pass
    assert (tmp_path / "a.csv").read_text() == "file,left,top,width,height,score,nose_0_x,nose_0_y\n"


def test_a_table_has_what_follows_from_the_points_behind_them(tmp_path):
    for facts, known, more in (((), [], 0), (("frame",), [{"frame": 5}], 1)):
        with writers.Csv(tmp_path / "a.csv", IBUG, facts) as table:
            table.write("a.jpg", DRAWN.image, [FACE], known)
        with open(tmp_path / "a.csv", newline="") as file:
            (row,) = csv.DictReader(file)
        assert list(row)[6 + more + 2 * 68 :][:3] == ["yaw", "pitch", "roll"]
        assert float(row["yaw"]) == pytest.approx(20, abs=4) and row["blink"] == "0"
        assert float(row["confidence"]) > 0.8 and ("blinks" in row) == bool(facts)


def test_chips_are_one_picture_per_face_and_do_not_overwrite_each_other(tmp_path):
    writer = writers.Chips(tmp_path, IBUG, 32)
    nowhere = Face(FACE.box, 1.0, np.ones((68, 2)), FACE.names)
    writer.write("x/a.jpg", DRAWN.image, [FACE, nowhere, FACE])
    writer.write("y/a.jpg", DRAWN.image, [FACE])
    names = ["a_face1.png", "a_face1_2.png", "a_face3.png"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    with Image.open(tmp_path / names[1]) as chip:
        np.testing.assert_array_equal(np.asarray(chip), np.asarray(FACE.chip(DRAWN.image, 32)))


def test_chips_of_what_has_no_five_points_are_refused_before_the_first(tmp_path):
    with pytest.raises(UserError, match="1 point"):
        writers.Chips(tmp_path, NOSE, 112)
