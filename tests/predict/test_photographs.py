"""Which photographs a command is given."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from keypoints.errors import UserError
from keypoints.landmarks import IBUG
from keypoints.predict import photographs
from keypoints.predict.writers import Pictures


def test_no_photograph_is_one_line(tmp_path):
    for named in ([], [str(tmp_path)]):
        with pytest.raises(UserError, match="no photograph"):
            photographs.find(named)


def test_a_folder_of_many_systems(tmp_path: Path, capsys) -> None:
    """Every ending of pictures; what is hidden, a system's own or no picture is passed over and counted."""
    pictures = ["a.JPG", "b.jfif", "c.jpe", "d.mpo", "e.heic", "sub/f.png"]
    others = [
        ".g.jpg",
        "._a.jpg",
        ".thumbs/h.jpg",
        "@eaDir/a.jpg",
        "__MACOSX/._a.jpg",
        "Thumbs.db",
        "notes.txt",
    ]
    for name in pictures + others:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert photographs.find([str(tmp_path)]) == [str(tmp_path / name) for name in sorted(pictures)]
    assert f"{len(others)} files passed over" in capsys.readouterr().err
    assert photographs.find([str(tmp_path / ".g.jpg")]) == [str(tmp_path / ".g.jpg")]  # named is named


def test_what_earlier_runs_drew_is_passed_over(tmp_path: Path, capsys, monkeypatch) -> None:
    """Unless it was named itself, or lies among the photographs."""
    monkeypatch.chdir(tmp_path)
    for name in ("a.png", "predictions/a_points.png", "drawn/sub/a_points.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert photographs.find(["."]) == ["a.png", "drawn/sub/a_points.png"]
    passed = "1 files passed over, hidden, no pictures by their names, in predictions or drawn by"
    assert passed in capsys.readouterr().err
    assert photographs.find(["."], tmp_path / "drawn") == ["a.png", "predictions/a_points.png"]
    assert photographs.find(["predictions", "drawn"]) == [
        "predictions/a_points.png",
        "drawn/sub/a_points.png",
    ]
    assert len(photographs.find(["."], Path("."))) == 3


def test_annotated_pictures_are_known_anywhere(tmp_path: Path, capsys, monkeypatch) -> None:
    """Also beside the photographs, and named, as a shell does it; not by their names alone."""
    monkeypatch.chdir(tmp_path)
    for name in ("a.png", "b_points.png"):
        Image.new("RGB", (9, 9)).save(name)
    for _ in range(2):
        names = photographs.find(["."], Path("."))
        assert names == ["a.png", "b_points.png"]
        writer = Pictures(Path("."), IBUG, None, names)
        for name in names:
            writer.write(name, Image.open(name).convert("RGB"), [])
    assert photographs.find(["a.png", "a_points.png", "b_points.png"]) == names
    assert "1 files passed over, drawn by earlier runs: a_points.png" in capsys.readouterr().err
    with pytest.raises(UserError, match="no photograph"):
        photographs.find(["a_points.png"])


def test_an_annotated_picture_replaces_no_photograph(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    for width, name in enumerate(("a.png", "a_points.png"), 9):
        Image.new("RGB", (width, 9)).save(name)
    Pictures(Path("."), IBUG, None, ["a.png", "./a_points.png"]).write("a.png", Image.open("a.png"), [])
    assert Image.open("a_points.png").width == 10 and Image.open("a_points_2.png").width == 9


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    """It is an error when it is read: nobody overlooks it."""
    (tmp_path / "a.png").symlink_to("nothing")
    assert photographs.find([str(tmp_path)]) == [str(tmp_path / "a.png")]


def test_folders_that_links_lead_to_are_looked_into_once(tmp_path: Path) -> None:
    """By their own path if they have one within the folder; also in a circle."""
    for name in ("in/b/1.png", "far/deep/2.png", "hidden/3.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    for link, to in [("a", "b"), ("c", "../far"), ("d", "../far/deep"), ("b/up", ".."), (".e", "../hidden")]:
        (tmp_path / "in" / link).symlink_to(to)
    (tmp_path / "far/back").symlink_to("../in")
    folder = tmp_path / "in"
    assert photographs.find([str(folder)]) == [str(folder / "b/1.png"), str(folder / "c/deep/2.png")]
