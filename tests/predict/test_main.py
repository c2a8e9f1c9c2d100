"""The command line on files of all sorts: what it writes, what it says, how it ends."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data
from PIL import Image

from keypoints.errors import UserError
from keypoints.paths import ROOT
from keypoints.predict import __main__, photographs
from tests.nets import build

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
    build().save(folder / "small.pt")
    return folder


def run(folder: Path, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "keypoints.predict", "--weights", str(folder / "small.pt"), *arguments]
    return subprocess.run(
        command, input=stdin, capture_output=True, env={**os.environ, "PYTHONPATH": str(ROOT)}, cwd=folder
    )


def call(folder: Path, *arguments: str) -> None:
    __main__.main(
        __main__.arguments("keypoints").parse_args(["--weights", str(folder / "small.pt"), *arguments])
    )


def test_a_folder_becomes_lines_a_table_and_pictures(folder, tmp_path):
    done = run(folder, "--json", "--csv", str(tmp_path / "a.csv"), "--out", str(tmp_path / "out"), ".")
    assert done.returncode == 1  # c.jpg is broken
    assert done.stderr.decode().count("error: ") == 1 and "c.jpg: not a whole picture" in done.stderr.decode()
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert list(dict.fromkeys(row["file"] for row in rows)) == ["b.jpg", "people/a.png"]
    assert all(list(row)[:4] == ["file", "box", "score", "points"] for row in rows)
    assert all(len(row["points"]) == 68 and {"pose", "confidence"} <= set(row) for row in rows)
    with open(tmp_path / "a.csv", newline="") as file:
        table = list(csv.DictReader(file))
    assert [float(row["jaw_0_x"]) for row in table] == [row["points"][0]["x"] for row in rows]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a_points.png", "b_points.png"]
    with Image.open(tmp_path / "out" / "a_points.png") as drawn:
        assert drawn.size == (512, 512)


@pytest.mark.parametrize(
    "kind, files",
    [
        ("json", ["faces.jsonl"]),
        ("csv", ["faces.csv"]),
        ("coco", ["annotations.json"]),
        ("dlib", ["faces.xml"]),
        ("labelme", ["b.json", "people/a.json"]),
        ("pts", ["b.pts", "people/a.pts"]),
    ],
)
def test_a_format_is_in_files_and_draws_nothing(folder, tmp_path, monkeypatch, capsys, kind, files):
    """In folders as the photographs lie, each of which counts once; without --out in predictions/."""
    monkeypatch.chdir(tmp_path)
    named = [str(folder / "people"), str(folder / "b.jpg"), str(folder / "people/../b.jpg")]
    call(folder, "--format", kind, "--box", "180,70,90,90", *named)
    out = tmp_path / "predictions"
    assert sorted(str(path.relative_to(out)) for path in out.rglob("*.*")) == files
    assert "2 annotated in predictions" in capsys.readouterr().err


def test_labels_lie_beside_photographs_where_labelme_looks(folder, tmp_path):
    """Also in folders; a further run finds the photographs again."""
    (tmp_path / "anna").mkdir()
    (tmp_path / "anna/1.jpg").write_bytes((folder / "b.jpg").read_bytes())
    call(folder, "--format", "labelme", "--box", "180,70,90,90", "--out", str(tmp_path), str(tmp_path))
    assert json.loads((tmp_path / "anna/1.json").read_text())["imagePath"] == "1.jpg"
    assert photographs.find([str(tmp_path)], tmp_path) == [str(tmp_path / "anna/1.jpg")]


def test_a_format_beside_lines_and_a_table(folder, tmp_path, capsys):
    more = ["--json", "--csv", str(tmp_path / "a.csv"), "--box", "180,70,90,90"]
    call(folder, "--format", "csv", "--out", str(tmp_path / "out"), *more, str(folder / "people"))
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "out/faces.csv").read_bytes()
    assert len(capsys.readouterr().out.splitlines()) == 1


@pytest.mark.parametrize(
    "words, said",
    [
        (["coco", "-"], "--format coco names files, and standard input is none: take json or csv"),
        (["pts", "--video", "film.mp4"], "--format pts names files, and a film is none: take json or csv"),
        (["csv", "--overlay", "hat", "."], "--format has no use for --overlay"),
    ],
)
def test_what_a_format_has_no_use_for_is_refused(folder, words, said):
    with pytest.raises(UserError, match=said):
        call(folder, "--format", *words)


def test_a_photograph_that_a_format_cannot_express_is_one_line_and_the_others_go_on(folder, tmp_path, capsys):
    for name in ("\x02.jpg", "b.jpg"):
        (tmp_path / name).write_bytes((folder / "b.jpg").read_bytes())
    with pytest.raises(SystemExit) as ended:
        call(
            folder, "--box", "180,70,90,90", "--format", "dlib", "--out", str(tmp_path / "out"), str(tmp_path)
        )
    said = capsys.readouterr().err
    assert ended.value.code == 1 and "\\x02.jpg: dlib reads no" in said
    assert (tmp_path / "out/faces.xml").read_text().count("<box ") == 1


def test_a_table_goes_to_standard_output_by_its_name(folder):
    done = run(folder, "--csv", "/dev/stdout", "--box", "180,70,90,90", "b.jpg")
    assert done.returncode == 0 and [line[:5] for line in done.stdout.splitlines()] == [b"file,", b"b.jpg"]
    with pytest.raises(UserError, match="- is none: take --csv /dev/stdout"):
        call(folder, "--csv", "-", "b.jpg")


def test_a_photograph_is_not_taken_for_the_table(folder, tmp_path, monkeypatch):
    """Who forgets the table's name, as --json has none, keeps the photographs."""
    monkeypatch.chdir(folder)
    before = Path("b.jpg").read_bytes()
    for named in (["b.jpg", "people/a.png"], ["people"]):
        with pytest.raises(UserError, match=f"as --csv faces.csv {named[0]}"):
            call(folder, "--csv", *named)
    assert Path("b.jpg").read_bytes() == before


def test_a_film_among_photographs_is_named_as_such(folder, tmp_path, capsys):
    (tmp_path / "a.MOV").write_bytes(b"moov")
    with pytest.raises(SystemExit):
        call(folder, "--json", "--box", "180,70,90,90", str(tmp_path / "a.MOV"), str(folder / "b.jpg"))
    said = capsys.readouterr()
    assert "a.MOV: a film is given by --video: left out" in said.err and len(said.out.splitlines()) == 1


def test_photographs_without_a_face_are_counted(folder, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("keypoints.predict.predictor.Predictor.find", lambda self, image: [])
    call(folder, "--out", str(tmp_path), str(folder / "people"))
    assert "1 annotated in " in (said := capsys.readouterr().err) and "; 1 without a face" in said


def test_standard_input_and_a_box(folder):
    content = (folder / "people" / "a.png").read_bytes()
    done = run(folder, "--json", "--box", "180,70,90,90", "-", stdin=content)
    (row,) = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0 and row["file"] == "-" and row["box"] == [180, 70, 90, 90]


def test_a_closed_standard_input_is_one_line(folder, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(SystemExit):
        call(folder, "--json", "-")
    assert "-: standard input is closed: left out" in capsys.readouterr().err


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


def test_a_film_is_drawn_on(folder, tmp_path):
    made = cv2.VideoWriter(str(tmp_path / "in.mp4"), cv2.VideoWriter_fourcc(*"mp4v"), 10, (256, 256))
    frame = cv2.resize(skimage.data.astronaut(), (256, 256))[..., ::-1]
    for _ in range(3):
        made.write(np.ascontiguousarray(frame))
    made.release()
    call(folder, "--video", str(tmp_path / "in.mp4"), "--out", str(tmp_path))
    drawn = cv2.VideoCapture(str(tmp_path / "in_points.mp4"))
    assert int(drawn.get(cv2.CAP_PROP_FRAME_COUNT)) == 3
    assert not list(tmp_path.glob(".*"))


def test_a_films_faces_have_frame_time_and_number(folder, tmp_path, capsys) -> None:
    """On standard output and in a table; no film then, unless --out asks for it."""
    made = cv2.VideoWriter(str(tmp_path / "in.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 10, (256, 256))
    frame = cv2.resize(skimage.data.astronaut(), (256, 256))[..., ::-1]
    for _ in range(3):
        made.write(np.ascontiguousarray(frame))
    made.release()
    table = tmp_path / "faces.csv"
    call(folder, "--video", str(tmp_path / "in.avi"), "--json", "--csv", str(table))
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["frame"], line["time"], line["number"]) for line in lines] == [
        (0, 0, 1),
        (1, 0.1, 1),
        (2, 0.2, 1),
    ]
    with open(table, newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["frame"], row["time"], row["number"]) for row in rows] == [
        (str(line["frame"]), str(line["time"]), str(line["number"])) for line in lines
    ]
    assert float(rows[2]["left"]) == lines[2]["box"][0]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["faces.csv", "in.avi"]
    call(folder, "--video", str(tmp_path / "in.avi"), "--format", "csv", "--out", str(tmp_path / "out"))
    assert (tmp_path / "out/faces.csv").read_bytes() == table.read_bytes()
    assert capsys.readouterr().err.splitlines()[-1] == str(tmp_path / "out")


def test_chips_come_in_the_place_of_pictures_also_beside_lines(folder, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    call(folder, "--chips", "32", "--json", "--box", "180,70,90,90", str(folder / "b.jpg"))
    assert len(capsys.readouterr().out.splitlines()) == 1
    (made,) = (tmp_path / "predictions").iterdir()
    with Image.open(made) as chip:
        assert made.name == "b_face1.png" and chip.size == (32, 32)


@pytest.mark.parametrize("more", [["0"], ["-3"], ["99999"], ["112", "--overlay", "hat"]])
def test_chips_of_no_size_or_with_an_overlay_are_refused(folder, tmp_path, more):
    with pytest.raises(UserError, match=r"choose 16 to 2048|no use for --overlay"):
        call(folder, "--out", str(tmp_path / "out"), str(folder / "b.jpg"), "--chips", *more)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "more", [["a.jpg"], ["--box", "1,2,3,4"], ["--boxes", "list.xml"], ["--chips", "112"]]
)
def test_what_a_film_has_no_use_for_is_refused(folder, more: list[str]) -> None:
    with pytest.raises(UserError, match="--video has no use for"):
        call(folder, "--video", "film.mp4", *more)


def test_a_film_without_frames_leaves_nothing(folder, tmp_path) -> None:
    made = cv2.VideoWriter(str(tmp_path / "in.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 10, (64, 64))
    made.release()
    with pytest.raises(UserError, match=r"in\.avi: (no frame of it can|cannot) be read"):
        call(folder, "--video", str(tmp_path / "in.avi"), "--csv", str(tmp_path / "a.csv"))
    assert [path.name for path in tmp_path.iterdir()] == ["in.avi"]


def test_a_film_that_is_none_is_one_line(folder, tmp_path):
    with pytest.raises(UserError, match=r"nothing\.mp4: cannot be read"):
        call(folder, "--video", str(tmp_path / "nothing.mp4"))


def test_names_that_no_output_can_have_are_one_line_and_the_others_go_on(folder, tmp_path, capsys) -> None:
    names = [f"{'n' * 240}.jpg", "b.jpg", os.fsdecode(b"b\xff.jpg")]
    for name in names:
        (tmp_path / name).write_bytes((folder / "b.jpg").read_bytes())
    files = [str(tmp_path / name) for name in names]
    with pytest.raises(SystemExit) as ended:
        call(
            folder,
            "--box",
            "180,70,90,90",
            "--csv",
            str(tmp_path / "a.csv"),
            "--out",
            str(tmp_path / "out"),
            *files,
        )
    said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert ended.value.code == 1 and len(said) == 1 and "nnn.jpg: no file can be called after it" in said[0]
    assert len(list((tmp_path / "out").iterdir())) == 2
    assert b"b\xff.jpg," in (tmp_path / "a.csv").read_bytes()


def test_a_photograph_may_come_through_a_pipe(folder, tmp_path):
    """Which can be read once."""
    pipe = tmp_path / "pipe.jpg"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes((folder / "b.jpg").read_bytes()))
    writer.start()
    done = run(folder, "--json", "--box", "180,70,90,90", str(pipe))
    writer.join()
    assert done.returncode == 0 and len(json.loads(done.stdout)["points"]) == 68
