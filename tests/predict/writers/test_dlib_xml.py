"""dlib's list: whole pixels of the stored picture, files from the list's own folder, plain XML."""

from __future__ import annotations

import os
from xml.etree import ElementTree

import numpy as np
import pytest

from keypoints.predict import writers
from tests.predict.writers import faces
from tests.predict.writers.faces import Photo


def test_whole_pixels_and_paths_from_its_own_folder(tmp_path):
    some = faces.face([(1.4, 2.6), (3, 4), (5, 6)], (1.2, 2.7, 3.3, 4.4))
    faces.write("dlib", tmp_path / "labels", tmp_path / "photos", [Photo("a.png", [some])])
    (image,) = ElementTree.parse(tmp_path / "labels/faces.xml").iterfind("images/image")
    assert image.attrib == {"file": "../photos/a.png", "width": "40", "height": "30"}
    (box,) = image
    assert box.attrib == {"top": "3", "left": "1", "width": "3", "height": "4"}
    assert [part.attrib for part in box] == [
        {"name": "left_eye", "x": "1", "y": "3"},
        {"name": "right_eye", "x": "3", "y": "4"},
        {"name": "nose", "x": "5", "y": "6"},
    ]


def test_a_picture_that_exif_turns_is_the_one_that_is_stored(tmp_path):
    faces.write("dlib", tmp_path, tmp_path, [Photo("a.png", [faces.face()], turn=6)])
    (image,) = ElementTree.parse(tmp_path / "faces.xml").iterfind("images/image")
    first = image.find("box/part")
    assert (image.get("width"), image.get("height")) == ("40", "30")
    assert first is not None and (first.get("x"), first.get("y")) == ("2", "28")  # upright 1, 2


def test_names_that_need_no_entity(tmp_path):
    names = ["it's.png", "ü 日.png", "#;%.png"]
    faces.write("dlib", tmp_path, tmp_path, [Photo(name, []) for name in names])
    images = ElementTree.parse(tmp_path / "faces.xml").iterfind("images/image")
    assert [image.get("file") for image in images] == names


@pytest.mark.parametrize("name", ["\x01", "\n", os.fsdecode(b"\xff"), "\ufffe", "&", "<", ">", '"'])
def test_names_that_xml_or_dlib_cannot_read_are_said(tmp_path, name):
    with pytest.raises(writers.Unwritable, match="dlib reads no"):
        faces.write("dlib", tmp_path, tmp_path, [Photo(name, [])])


def test_dlib_reads_it(tmp_path):
    """A predictor errs by nothing on a list of its own answers."""
    dlib = pytest.importorskip("dlib")
    rng = np.random.default_rng(0)
    shapes = [faces.face(rng.uniform(5, 25, (3, 2)), (4, 3, 24, 22)) for _ in range(4)]
    photos = [Photo(f"{k} ü's.png", [shape]) for k, shape in enumerate(shapes)]
    faces.write("dlib", tmp_path / "one", tmp_path, photos)
    options = dlib.shape_predictor_training_options()
    options.cascade_depth = options.tree_depth = options.num_trees_per_cascade_level = 2
    predictor, model = str(tmp_path / "predictor.dat"), dlib.shape_predictor
    dlib.train_shape_predictor(str(tmp_path / "one/faces.xml"), predictor, options)

    order = sorted(faces.NAMES)  # dlib's own of the parts
    box = dlib.rectangle(4, 3, 4 + 24 - 1, 3 + 22 - 1)
    for photo in photos:
        parts = model(predictor)(dlib.load_rgb_image(str(tmp_path / photo.file)), box).parts()
        points = [(parts[order.index(name)].x, parts[order.index(name)].y) for name in faces.NAMES]
        photo.faces = [faces.face(points, (4, 3, 24, 22))]
    faces.write("dlib", tmp_path / "two", tmp_path, photos)
    assert dlib.test_shape_predictor(str(tmp_path / "two/faces.xml"), predictor) == 0
    assert dlib.test_shape_predictor(str(tmp_path / "one/faces.xml"), predictor) > 0
