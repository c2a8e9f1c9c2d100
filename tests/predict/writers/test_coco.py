"""COCO's document: right for any name, whole or not there, in the order of the photographs."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from keypoints.predict import writers
from keypoints.predict.writers.album import Album
from tests.predict.writers import faces
from tests.predict.writers.faces import Photo

NAMES = ['"quoted"\n.png', os.fsdecode(b"\xff.png"), "b/ü.png", "a.png"]


def test_photographs_in_their_order_with_those_without_a_face(tmp_path):
    counts = (1, 0, 2, 1)
    photos = [Photo(name, [faces.face()] * count) for name, count in zip(NAMES, counts, strict=True)]
    faces.write("coco", tmp_path / "out", tmp_path, photos)
    found = json.loads((tmp_path / "out/annotations.json").read_bytes())
    assert [image["file_name"] for image in found["images"]] == NAMES
    assert [image["id"] for image in found["images"]] == [1, 2, 3, 4]
    assert [(each["id"], each["image_id"]) for each in found["annotations"]] == [
        (1, 1),
        (2, 3),
        (3, 3),
        (4, 4),
    ]
    (category,) = found["categories"]
    assert category["keypoints"] == list(faces.NAMES) and category["skeleton"] == [[1, 2], [2, 3]]


def test_numbers_count_from_the_edge(tmp_path):
    faces.write("coco", tmp_path, tmp_path, [Photo("a.png", [faces.face()])])
    (found,) = json.loads((tmp_path / "annotations.json").read_text())["annotations"]
    assert found["keypoints"] == [1.5, 2.5, 2, 3.75, 5, 2, 5.5, 6.5, 2]
    assert (found["bbox"], found["area"], found["num_keypoints"]) == ([1, 2, 30, 40], 1200, 3)


def test_no_photograph_is_a_document_too(tmp_path):
    faces.write("coco", tmp_path, tmp_path, [])
    found = json.loads((tmp_path / "annotations.json").read_text())
    assert (found["images"], found["annotations"]) == ([], [])


def test_a_document_that_breaks_off_leaves_no_file(tmp_path):
    album = Album(tmp_path, [])
    with (
        pytest.raises(KeyError),
        writers.open_annotations("coco", tmp_path / "out", faces.scheme(), album) as writer,
    ):
        writer.add(writer.photograph("a.png", (40, 30), [faces.face()]))
        raise KeyError
    assert not list((tmp_path / "out").iterdir())


def test_pycocotools_reads_it(tmp_path):
    coco = pytest.importorskip("pycocotools.coco")
    photos = [Photo("a.png", [faces.face()]), Photo("b/c.png", [faces.face()] * 2)]
    faces.write("coco", tmp_path, tmp_path, photos)
    found = coco.COCO(str(tmp_path / "annotations.json"))
    (second,) = (key for key, image in found.imgs.items() if image["file_name"] == "b/c.png")
    assert len(found.loadAnns(found.getAnnIds(imgIds=[second]))) == 2
    assert Path(tmp_path, found.imgs[second]["file_name"]).exists()
