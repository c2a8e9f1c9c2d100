"""The Kaggle list: whose faces are looked at, in which order, and a broken picture."""

from __future__ import annotations

import pytest

from keypoints.datasets import ibug
from keypoints.errors import UserError
from stages import submit
from tests.layouts import as_tar, ibug_files


def test_every_face_of_the_list_is_looked_at_once_in_its_box(tmp_path, monkeypatch):
    monkeypatch.setattr(submit, "BATCH", 2)
    archive = as_tar(tmp_path / "ibug", ibug_files())
    listed = ibug.kaggle_list(archive)
    read = list(submit.read(listed, archive))
    assert sorted(row for rows, _ in read for row in rows) == list(range(len(listed)))
    for rows, places in read:
        assert len(rows) == len(places) <= 3
        for row, place in zip(rows, places, strict=True):
            line = listed.iloc[row]
            assert place.box == (line["left"], line["top"], line["box_width"], line["box_height"])
            assert place.image.size == (line["width"], line["height"])


def test_a_broken_picture_is_one_line(tmp_path):
    files = ibug_files()
    archive = as_tar(tmp_path / "ibug", files)
    listed = ibug.kaggle_list(archive)
    files[listed["file"][1]] = files[listed["file"][1]][:200]
    with pytest.raises(UserError, match=listed["file"][1]):
        list(submit.read(listed, as_tar(tmp_path / "broken", files)))
