"""What documents call photographs, from wherever these are named."""

from __future__ import annotations

import os
from pathlib import Path

from keypoints.predict.writers.album import Album, album_of


def test_the_album_is_the_deepest_folder_around_all_that_was_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("one/two/a.jpg", "one/b.jpg", "c.jpg"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()
    for named, folder in (
        (["one"], "one"),
        (["one/two/a.jpg"], "one/two"),
        (["one/two", "one/b.jpg"], "one"),
        (["c.jpg"], "."),
        (["./one/../one/two/", str(tmp_path / "c.jpg")], "."),
    ):
        assert album_of(named, []).folder == (tmp_path / folder).resolve()


def test_a_photograph_is_named_within_the_album_and_from_other_folders(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    album = Album("photos", [])
    for name in ("photos/sub/a.jpg", "./photos//sub/../sub/a.jpg", str(tmp_path / "photos/sub/a.jpg")):
        assert album.file(name) == "sub/a.jpg"
    assert album.seen_from(Path("labels/sub"), "sub/a.jpg") == "../../photos/sub/a.jpg"


def test_paths_lead_through_links(tmp_path, monkeypatch):
    """`..` from a linked folder leads to where the folder is, not to where the link is."""
    monkeypatch.chdir(tmp_path)
    for folder in ("far/labels", "deep/er/photos"):
        Path(folder).mkdir(parents=True)
    Path("deep/er/photos/a.jpg").write_text("it")
    os.symlink("far/labels", "labels")
    os.symlink("deep/er/photos", "photos")
    named = Album("photos", []).seen_from(Path("labels"), "a.jpg")
    assert (Path("labels") / named).read_text() == "it"
