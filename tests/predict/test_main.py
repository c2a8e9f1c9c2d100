"""The command line on files of all sorts: what it writes, what it says, how it ends."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image

from keypoints.errors import UserError
from keypoints.predict import __main__, box_lists, writers
from keypoints.predict.predictor import Face
from keypoints.predict.video import Smoother
from tests.test_weights import trained

XML = """<?xml version='1.0'?><dataset><images><image file='people/a.png'>
<box top='70' left='180' width='90' height='90'/><box top='1' left='2' width='30' height='40'/>
</image></images></dataset>"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    (folder / "people").mkdir()
    image = Image.fromarray(skimage.data.astronaut())
    image.save(folder / "people" / "a.png")
    image.save(folder / "b.jpg")
    (folder / "c.jpg").write_bytes((folder / "b.jpg").read_bytes()[:9000])
    (folder / "notes.txt").write_text("no picture")
    trained().save(folder / "small.pt")
    return folder


def run(folder: Path, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "keypoints.predict", "--weights", str(folder / "small.pt"), *arguments]
    root = Path(__file__).resolve().parent.parent
    return subprocess.run(
        command, input=stdin, capture_output=True, env={**os.environ, "PYTHONPATH": str(root)}, cwd=folder
    )


def call(folder: Path, *arguments: str) -> None:
    __main__.main(__main__.arguments().parse_args(["--weights", str(folder / "small.pt"), *arguments]))


def test_a_folder_becomes_lines_a_table_and_pictures(folder, tmp_path):
    done = run(folder, "--json", "--csv", str(tmp_path / "a.csv"), "--out", str(tmp_path / "out"), ".")
    assert done.returncode == 1  # c.jpg is broken
    assert done.stderr.decode().count("error: ") == 1 and "c.jpg: not a whole picture" in done.stderr.decode()
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["file"] for row in rows] == ["b.jpg", "people/a.png"]
    assert all(list(row) == ["file", "box", "score", "points"] and len(row["points"]) == 68 for row in rows)
    with open(tmp_path / "a.csv", newline="") as file:
        table = list(csv.DictReader(file))
    assert [float(row["jaw_0_x"]) for row in table] == [row["points"][0]["x"] for row in rows]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a_points.png", "b_points.png"]
    with Image.open(tmp_path / "out" / "a_points.png") as drawn:
        assert drawn.size == (512, 512)


def test_standard_input_and_a_box(folder):
    content = (folder / "people" / "a.png").read_bytes()
    done = run(folder, "--json", "--box", "180,70,90,90", "-", stdin=content)
    (row,) = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0 and row["file"] == "-" and row["box"] == [180, 70, 90, 90]


def test_a_list_of_boxes_in_the_place_of_the_detector(folder, tmp_path, capsys):
    (tmp_path / "list.xml").write_text(XML)
    call(folder, "--json", "--boxes", str(tmp_path / "list.xml"), str(folder / "people"))
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["box"] for row in rows] == [[180, 70, 90, 90], [2, 1, 30, 40]]


def test_a_photograph_that_the_list_lacks_is_left_out(folder, tmp_path, capsys):
    (tmp_path / "list.jsonl").write_text('{"file": "b.jpg", "box": [1, 2, 30, 40]}\n')
    with pytest.raises(SystemExit) as stopped:
        call(folder, "--json", "--boxes", str(tmp_path / "list.jsonl"), *map(str, folder.rglob("[ab].*")))
    said = capsys.readouterr()
    assert stopped.value.code == 1 and "has none for it: left out" in said.err
    assert len(said.out.splitlines()) == 1


@pytest.mark.parametrize(
    "content, where",
    [
        ('{"file": "a.jpg"}', "line 1 is no"),
        ("\n[1, 2]", "line 2 is no"),
        ('{"file": "a.jpg", "box": [1, 2, 3]}', "line 1: a box is left, top, width, height"),
        ('{"file": "a.jpg", "box": [1, 2, 0, 3]}', "line 1: a box needs"),
        ('{"file": "a.jpg", "box": [1, 2, NaN, 3]}', "line 1: a box needs"),
        ("", "lists no box"),
        ("<dataset/>", "lists no face"),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><dataset/>", "no plain XML"),
    ],
)
def test_a_wrong_list_is_one_line(tmp_path, content, where):
    path = tmp_path / "boxes"
    path.write_text(content)
    with pytest.raises(UserError, match=where) as error:
        box_lists.read(path)
    assert str(path) in str(error.value) and "\n" not in str(error.value)


def test_the_longest_name_that_fits_counts():
    boxes = {"a.jpg": [(0, 0, 1, 1)], "x/a.jpg": [(0, 0, 2, 2)]}
    assert box_lists.of("/photos/x/a.jpg", boxes) == [(0, 0, 2, 2)]
    assert box_lists.of("y/a.jpg", boxes) == [(0, 0, 1, 1)]
    with pytest.raises(ValueError):
        box_lists.of("b.jpg", boxes)


def test_no_photograph_is_one_line(tmp_path):
    for named in ([], [str(tmp_path)]):
        with pytest.raises(UserError, match="no photograph"):
            __main__.photographs(named)


def test_pictures_of_one_name_do_not_overwrite_each_other(tmp_path):
    writer = writers.Pictures(tmp_path, None, None)
    assert [writer._free(name) for name in ("x/a.jpg", "y/a.png", "-")] == [
        "a_points",
        "a_points_2",
        "standard input_points",
    ]


def face(x: float) -> Face:
    return Face((x, 0.0, 100.0, 100.0), 1.0, np.full((68, 2), x, np.float32), [])


def test_trembling_is_held_back_and_movement_let_through():
    smooth = Smoother()
    smooth([face(0)])
    assert smooth([face(0.4)])[0].points.max() < 0.2
    assert smooth([face(30)])[0].points.max() > 29.9
    assert smooth([face(200)])[0].points.max() == 200  # another face


def test_a_film_is_drawn_on(folder, tmp_path):
    import cv2

    made = cv2.VideoWriter(str(tmp_path / "in.mp4"), cv2.VideoWriter_fourcc(*"mp4v"), 10, (256, 256))
    frame = cv2.resize(skimage.data.astronaut(), (256, 256))[..., ::-1]
    for _ in range(3):
        made.write(np.ascontiguousarray(frame))
    made.release()
    call(folder, "--video", str(tmp_path / "in.mp4"), "--out", str(tmp_path))
    drawn = cv2.VideoCapture(str(tmp_path / "in_points.mp4"))
    assert int(drawn.get(cv2.CAP_PROP_FRAME_COUNT)) == 3
    assert not list(tmp_path.glob(".*"))


def test_a_film_that_is_none_is_one_line(folder, tmp_path):
    with pytest.raises(UserError, match=r"nothing\.mp4: cannot be read"):
        call(folder, "--video", str(tmp_path / "nothing.mp4"))
