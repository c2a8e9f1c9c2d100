"""`keypoints inspect`: what it says, what it writes, and how it ends."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from keypoints import __main__ as program
from keypoints.datasets import formats
from keypoints.datasets.formats import scheme
from tests.datasets.formats.layouts import LAYOUTS, PICTURES, drawn, kaggle, lay
from tests.layouts import as_zip


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def inspect(*words: object) -> int | str | None:
    try:
        program.main(["inspect", *map(str, words)])
    except SystemExit as end:
        return end.code
    return 0


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_format(tmp_path, layout, capsys):
    path = lay(tmp_path / "faces", LAYOUTS[layout](drawn(98)))
    before = {p: p.read_bytes() for p in path.rglob("*") if p.is_file()}
    assert inspect("faces") == 0
    said = capsys.readouterr().out
    assert "faces       3 on 3 of 3 pictures" in said and "points      98: " in said
    assert {p: p.read_bytes() for p in path.rglob("*") if p.is_file()} == before
    assert Image.open("inspection/faces.png").width == 1680
    assert inspect(as_zip(tmp_path / "faces.zip", LAYOUTS[layout](drawn(98)) | PICTURES)) == 0


def test_kaggles_pictures_are_drawn(tmp_path):
    assert inspect(as_zip(tmp_path / "training.zip", kaggle([(66.5, 39.25, 44, 57)] * 3))) == 0
    assert np.asarray(Image.open("inspection/faces.png")).std() > 10


def test_the_proposal_may_be_written_and_says_what_was_understood(tmp_path, capsys):
    document = json.loads(LAYOUTS["coco"](drawn(5))["annotations/person_keypoints_default.json"])
    document["categories"][0]["keypoints"] = ["left_eye", "right_eye", "nose", "mouth_l", "mouth_r"]
    path = lay(tmp_path / "faces", {"a.json": json.dumps(document).encode()})
    before = scheme.derive(formats.read(path))
    assert inspect("faces", "--yaml") == 0
    assert "partners    2 pairs" in capsys.readouterr().out
    assert scheme.derive(formats.read(path)) == before
    assert "is there already" in str(inspect("faces", "--yaml"))


def test_the_same_bytes_twice(tmp_path):
    lay(tmp_path / "faces", LAYOUTS["labelme"](drawn(21)))
    inspect("faces", "--out", "one"), inspect("faces", "--out", "two")
    for name in ("faces.png", "findings.csv"):
        assert Path("one", name).read_bytes() == Path("two", name).read_bytes()


def test_what_is_wrong_is_listed_and_the_exit_status(tmp_path, capsys):
    path = lay(tmp_path / "faces", LAYOUTS["labelme"](drawn(5)))
    (path / "photos/a.jpg").unlink()
    (path / "c.png").write_bytes(PICTURES["c.png"][:60])  # its header is whole
    assert inspect("faces") == 1
    said = capsys.readouterr().out
    assert "photos/a.json (a.jpg): its picture is not there" in said
    assert "c.png: not a whole picture" in said
    rows = list(csv.DictReader(Path("inspection/findings.csv").read_text().splitlines()))
    assert [row["file"] for row in rows if row["kind"] == "left out"] == ["photos/a.json (a.jpg)", "c.png"]


def test_pictures_none_of_which_decodes_are_listed_and_none_is_drawn(tmp_path, capsys):
    path = lay(tmp_path / "faces", LAYOUTS["labelme"](drawn(5)))
    for file in (file for file in path.rglob("*") if file.suffix in (".jpg", ".png")):
        file.write_bytes(file.read_bytes()[:-60])
    assert inspect("faces") == 1
    said = capsys.readouterr().out
    assert "wrong, and left out: 3" in said and "inspection/findings.csv" in said and "faces.png" not in said
    assert [made.name for made in Path("inspection").iterdir()] == ["findings.csv"]


def test_a_folder_without_annotations_is_one_line(tmp_path):
    lay(tmp_path / "faces", {})
    assert str(inspect("faces")).startswith("error: faces: 3 pictures")
    assert str(inspect("nothing")) == "error: nothing is missing: name your folder or archive"


def test_the_light_install_is_enough(tmp_path):
    lay(tmp_path / "faces", LAYOUTS["coco"](drawn(5)))
    heavy = ("pandas", "torch", "matplotlib", "yaml", "pyarrow", "pydantic", "dvc")
    program = f"import sys; sys.modules.update(dict.fromkeys({heavy})); from keypoints.__main__ import main; "
    done = subprocess.run(
        [sys.executable, "-c", f"{program}main(['inspect', 'faces'])"], capture_output=True, text=True
    )
    assert done.returncode == 0 and "points      5" in done.stdout, done.stderr


def test_no_control_characters_reach_the_terminal(tmp_path, capsys):
    document = json.loads(LAYOUTS["coco"](drawn(5))["annotations/person_keypoints_default.json"])
    document["images"][0]["file_name"] = "\x1b[2Jgone.jpg"
    lay(tmp_path / "faces", {"a.json": json.dumps(document).encode()})
    assert inspect("faces") == 1
    assert "\x1b" not in capsys.readouterr().out
