"""`keypoints label`: predictions as annotations that read back as they were, the worst first."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from keypoints import __main__ as program
from keypoints.datasets import formats
from keypoints.landmarks import IBUG
from keypoints.pictures import images
from keypoints.predict import writers
from keypoints.predict.faces.face import Face

TURNED = "b/turned.jpg"


DOUBTS = {(60, 80): 1.0, (90, 60): 3.0, (120, 60): 2.0}  # by the size of the upright picture


class Guess:
    """Finds one face on wide pictures; its points follow from the picture's size, its doubt from a list."""

    scheme = IBUG

    def __init__(self, *args: object, **more: object) -> None:
        pass

    def __call__(self, image: Image.Image, boxes: object = None) -> list[Face]:
        if image.size not in DOUBTS:
            return []
        points = np.stack([np.arange(68) / 2, np.arange(68) * 0.75 + 2], axis=1).astype(np.float32)
        return [Face((3.0, 4.0, 40.0, 41.0), 0.9, points, IBUG.names(), np.full(68, DOUBTS[image.size]))]


@pytest.fixture
def photos(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("keypoints.predict.predictor.Predictor", Guess)
    (tmp_path / "photos/b").mkdir(parents=True)
    for name, size in (("a.jpg", (90, 60)), ("c.png", (120, 60)), ("nobody.png", (20, 20))):
        Image.new("RGB", size).save(tmp_path / "photos" / name)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (80, 60)).save(tmp_path / "photos" / TURNED, exif=exif)
    return tmp_path / "photos"


def run(*words: object) -> int | str | None:
    try:
        program.main(["label", *map(str, words)])
    except SystemExit as end:
        return end.code
    return 0


@pytest.mark.parametrize("kind", writers.ANNOTATIONS)
def test_it_reads_back_as_it_was_predicted(photos, kind, capsys):
    assert run("photos", "--format", kind, "--out", "photos/labels") == 0
    assert "3 faces" in (said := capsys.readouterr().err) and "no face found: nobody.png" in said
    found = formats.read(photos, kind={"dlib": "dlib_xml"}.get(kind, kind))
    assert [face.file for face in found.faces] == ["a.jpg", TURNED, "c.png"]
    assert kind == "pts" or found.names == tuple(IBUG.names())
    expected = Guess()(Image.new("RGB", (90, 60)))[0].points
    tolerance = 0.51 if kind == "dlib" else 0.006
    for face, points in zip(found.faces, found.points(), strict=True):
        seen = images.turn_points(points, 6, (80, 60)) if face.file == TURNED else points
        np.testing.assert_allclose(seen, expected, atol=tolerance)
    if kind != "pts":
        assert found.faces[0].box == (3, 4, 40, 41)


def test_the_worst_come_first(photos):
    assert run("photos") == 0
    rows = list(csv.DictReader(Path("labels/worst_first.csv").read_text().splitlines()))
    assert [(row["file"], row["doubt"]) for row in rows] == [
        ("a.jpg", "3.00"),
        ("c.png", "2.00"),
        (TURNED, "1.00"),
    ]
    text = Path("labels/annotations.json").read_text()
    assert text.index('"a.jpg"') < text.index('"c.png"') < text.index(f'"{TURNED}"')


def test_corrections_are_never_overwritten(photos):
    assert run("photos") == 0
    before = Path("labels/annotations.json").read_bytes()
    assert "labels is not empty" in str(run("photos", "--format", "dlib"))
    assert Path("labels/annotations.json").read_bytes() == before


def test_what_cannot_be_labelled(photos, tmp_path, capsys):
    assert "is no folder" in str(run("photos/a.jpg"))
    (tmp_path / "empty").mkdir()
    assert "no photograph" in str(run("empty"))
    (photos / "broken.jpg").write_bytes(b"<html>")
    assert run("photos") == 1
    assert "broken.jpg" in capsys.readouterr().err
    for name in ("a.jpg", "c.png", TURNED):
        (photos / name).unlink()
    assert "no face was found on 2 photographs" in str(run("photos", "--out", "other"))


def test_what_a_killed_run_left_is_no_correction(photos):
    Path("labels").mkdir()
    Path("labels/.annotations.json.4194305.part.json").write_text("{")  # of a process that cannot be
    assert run("photos") == 0
    assert not list(Path("labels").glob(".*"))


def test_photographs_that_a_format_cannot_tell_apart_are_left_out(photos, capsys):
    Image.new("RGB", (90, 60)).save(photos / "a.png")
    assert run("photos", "--format", "pts") == 1
    assert capsys.readouterr().err.count("another photograph has this name but for the ending") == 2
    assert sorted(path.name for path in Path("labels").rglob("*.pts")) == ["c.pts", "turned.pts"]
