"""YouTube Faces as Udacity ships them: lists, people and protocols."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from keypoints.datasets import youtube
from keypoints.errors import Faults, UserError
from tests.layouts import (
    COLUMNS,
    FRAMES,
    PEOPLE,
    as_zip,
    cut_down,
    image,
    inside,
    line,
    sheet,
    splits,
    youtube_files,
)


def test_youtube_rows(tables):
    row = tables["youtube"].iloc[0]
    assert row["file"] == "P1_Facial_Keypoints-6e55adc/data/test/Some_Body-0_01.jpg"
    assert (row["group"], row["subset"], row["width"], row["height"]) == ("Some_Body-0", "test", 30, 40)
    assert list(row[["left", "top", "box_width", "box_height"]]) == [0, 0, 30, 40]
    assert row["points"][:3] == [1.5, 1.0, 2.0]
    assert len(tables["youtube"]) == 95 and tables["youtube"]["file"].is_unique


def test_youtube_protocols(tables):
    table = tables["youtube"]
    assert ((table["split_official"] == "test") == (table["subset"] == "test")).all()
    official, person = splits(table, "official"), splits(table, "person")
    assert not official["train"] & official["val"] and len(official["val"]) == 4
    assert {name: len(groups) for name, groups in person.items()} == {"test": 8, "train": 28, "val": 4}
    assert set.union(*person.values()) == set(PEOPLE)


def test_youtube_splits_follow_the_seed(tables, tmp_path):
    other = youtube.parse(as_zip(tmp_path / "youtube", youtube_files()), 43, Faults("archive", 0.0))
    assert not np.array_equal(other["split_person"], tables["youtube"]["split_person"])
    pd.testing.assert_frame_equal(other[COLUMNS], tables["youtube"][COLUMNS])


@pytest.mark.parametrize(
    "content, says",
    [
        (sheet(FRAMES["test"], columns=135), "136 columns: expected"),
        (sheet(FRAMES["test"]).replace(b",7,", b",seven,", 1), "'seven' in column 9: expected"),
        (
            sheet(FRAMES["test"]) + b"Some_Body-0_01.jpg,1,2\n",
            "Some_Body-0_01.jpg: 3 columns, 137 are needed",
        ),
        (sheet(FRAMES["test"], value="nan"), "Some_Body-0_01.jpg: point 0 is not a finite number"),
        (sheet(FRAMES["test"], value=""), "Some_Body-0_01.jpg: point 0 is not a finite number"),
        (sheet(FRAMES["test"], value="1e999"), "Some_Body-0_01.jpg: point 0 is not a finite number"),
        (b"\xff\xfe\x00", "no CSV"),
        (b"", "0 columns: expected"),
        (64 * b"\n", "0 columns: expected"),
        (sheet(FRAMES["test"]) + b'"' + 200_000 * b"1", "no CSV"),
    ],
)
def test_youtube_lists_that_are_wrong(tmp_path, content, says):
    files = youtube_files("data/") | {"data/test_frames_keypoints.csv": content}
    path = as_zip(tmp_path / "youtube", files)
    with pytest.raises(UserError, match=says) as error:
        youtube.parse(path, 1, Faults("archive", 1.0))
    assert str(path) in line(error)


def test_a_row_that_is_there_twice_counts_once(tables, tmp_path, capsys):
    files = youtube_files()
    name = next(name for name in files if name.endswith("test_frames_keypoints.csv"))
    files[name] += b"".join(files[name].splitlines(keepends=True)[1:4])
    table = youtube.parse(as_zip(tmp_path / "youtube", files), 42, Faults("archive", 0.0))
    pd.testing.assert_frame_equal(table, tables["youtube"])
    assert "3 rows are there twice" in capsys.readouterr().err


def test_line_ends_of_windows_and_a_byte_order_mark_change_nothing(tables, tmp_path):
    files = youtube_files()
    for name in (name for name in files if name.endswith(".csv")):
        files[name] = b"\xef\xbb\xbf" + files[name].replace(b"\n", b"\r\n")
    pd.testing.assert_frame_equal(
        youtube.parse(as_zip(tmp_path / "youtube", files), 42, Faults("archive", 0.0)), tables["youtube"]
    )


def test_two_rows_that_contradict_each_other_are_refused(tmp_path):
    files = youtube_files("data/")
    files["data/test_frames_keypoints.csv"] += sheet(FRAMES["test"][:1], value="9").splitlines()[1] + b"\n"
    with pytest.raises(UserError, match=r"Some_Body-0_01.jpg is listed twice, with different points"):
        youtube.parse(as_zip(tmp_path / "youtube", files), 1, 1.0)


def test_youtube_needs_both_lists(tmp_path):
    files = youtube_files("data/")
    del files["data/test_frames_keypoints.csv"]
    with pytest.raises(UserError, match="no members are named test_frames_keypoints"):
        youtube.parse(as_zip(tmp_path / "youtube", files), 1, Faults("archive", 1.0))


@pytest.mark.parametrize(
    "mode, kind", [("L", "JPEG"), ("LA", "PNG"), ("RGB", "PNG"), ("I;16", "PNG"), ("P", "PNG")]
)
def test_sizes_are_read_whatever_the_picture_is(tmp_path, mode, kind):
    files = youtube_files("data/")
    files["data/test/Some_Body-0_01.jpg"] = image((11, 12), mode, kind)
    row = youtube.parse(as_zip(tmp_path / "youtube", files), 1, Faults("archive", 0.0)).iloc[0]
    assert (row["width"], row["height"]) == (11, 12)


def test_real_youtube(tmp_path):
    def keep(name):
        return name.endswith(".csv") or "/test/A" in name

    table = youtube.parse(
        cut_down(tmp_path, "P1_Facial_Keypoints-master.zip", keep), 1, Faults("archive", 1.0)
    )
    assert len(table) > 20 and inside(table) > 0.98 and table["group"].str.fullmatch(r"A.*[^0-9]").all()
