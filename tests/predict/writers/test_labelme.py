"""labelme's documents: one beside each photograph's name, whichever folder it came from."""

from __future__ import annotations

import json
import os

import pytest

from keypoints.predict import writers
from tests.predict.writers import faces
from tests.predict.writers.faces import Photo


def test_each_names_its_picture_from_its_own_folder(tmp_path):
    names = ["a.png", "b/a.png", "b/a.jpg", '"x"\n.png', os.fsdecode(b"\xff.png"), "nobody.png"]
    photos = [Photo(name, [faces.face()] if name != "nobody.png" else []) for name in names]
    faces.write("labelme", tmp_path / "labels", tmp_path / "photos", photos)
    found = {}
    for path in (tmp_path / "labels").rglob("*.json"):
        named = json.loads(path.read_text())["imagePath"]
        picture = (path.parent / named).resolve().relative_to(tmp_path / "photos")
        found[str(path.relative_to(tmp_path / "labels"))] = str(picture)
    assert found == {
        "a.json": "a.png",
        "b/a.json": "b/a.png",
        "b/a_2.json": "b/a.jpg",
        '"x"\n.json': '"x"\n.png',
        os.fsdecode(b"\xff.json"): os.fsdecode(b"\xff.png"),
    }


def test_shapes_are_a_box_and_points_that_a_group_holds_together(tmp_path):
    faces.write("labelme", tmp_path, tmp_path, [Photo("a.png", [faces.face(), faces.face()], turn=6)])
    found = json.loads((tmp_path / "a.json").read_text())
    assert (found["imageWidth"], found["imageHeight"]) == (30, 40)  # upright, as labelme shows it
    assert [shape["group_id"] for shape in found["shapes"]] == [0] * 4 + [1] * 4
    box, point = found["shapes"][:2]
    assert (box["shape_type"], box["points"]) == ("rectangle", [[1, 2], [31, 42]])
    assert (point["label"], point["shape_type"], point["points"]) == ("left_eye", "point", [[1.5, 2.5]])


def test_a_name_that_labelme_takes_for_a_path_is_said(tmp_path):
    with pytest.raises(writers.Unwritable, match=r"labelme takes \\ for /: rename it"):
        faces.write("labelme", tmp_path, tmp_path, [Photo("a\\b.png", [faces.face()])])


def test_a_single_face_needs_no_group(tmp_path):
    faces.write("labelme", tmp_path, tmp_path, [Photo("a.png", [faces.face()])])
    assert {shape["group_id"] for shape in json.loads((tmp_path / "a.json").read_text())["shapes"]} == {None}


def test_labelme_reads_it(tmp_path):
    """Which compares the size of the picture, turned as EXIF says."""
    labelme = pytest.importorskip("labelme")
    faces.write("labelme", tmp_path / "labels", tmp_path, [Photo("b/ü.png", [faces.face()] * 2, turn=6)])
    found = labelme.LabelFile(str(tmp_path / "labels/b/ü.json"))
    assert found.image_data and len(found.shapes) == 8
