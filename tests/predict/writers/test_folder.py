"""A folder of many files: each whole or not there, none over another."""

from __future__ import annotations

import os

import pytest

from keypoints.predict.writers.folder import Folder

DEAD = 2**22 + 1  # no process has this number


def test_a_file_is_there_when_it_is_whole(tmp_path):
    folder = Folder(tmp_path / "new", replaces=False)
    path = folder.free("sub/a", ".txt")
    with pytest.raises(KeyError), folder.whole(path) as part:
        part.write_text("half")
        raise KeyError
    assert not list(path.parent.iterdir())
    with folder.whole(path) as part:
        part.write_text("whole")
    assert path == tmp_path / "new/sub/a.txt" and path.read_text() == "whole"


def test_names_that_are_taken_are_numbered(tmp_path):
    for name in ("a.txt", "a_3.txt"):
        (tmp_path / name).touch()
    for replaces, names in ((False, ["a_2.txt", "a_4.txt"]), (True, ["a.txt", "a_2.txt"])):
        folder = Folder(tmp_path, replaces)
        for name in names:
            path = folder.free("a", ".txt")
            assert path.name == name
            path.touch()


def test_what_dead_processes_left_goes_and_what_lives_stays(tmp_path):
    left = tmp_path / f"sub/.a.txt.{DEAD}.part.txt"
    lives = tmp_path / f"sub/.b.txt.{os.getpid()}.part.txt"
    left.parent.mkdir()
    for path in (left, lives):
        path.touch()
    Folder(tmp_path, replaces=True)
    assert list(left.parent.iterdir()) == [lives]
