"""The IMM Face Database: its annotations, people and protocols."""

from __future__ import annotations

import pytest

from keypoints.datasets import imm
from keypoints.errors import Faults, UserError
from tests.layouts import JPEG, as_tar, as_zip, asf, cut_down, imm_files, inside, line, splits


@pytest.mark.parametrize("folder", ["", "imm_face_db/", "cs194-proj4-dc8fba5/data/imm_face_db/", "./"])
def test_imm_wherever_its_folder_lies(tmp_path, folder):
    more = {"imm_face_db.pdf": b"%PDF", f"{folder}other.jpg": JPEG, "__MACOSX/._01-1m.asf": b"x"}
    table = imm.parse(as_tar(tmp_path / "imm", imm_files(folder, (1, 40)) | more), 1, Faults("archive", 0.0))
    assert list(table["file"]) == [f"{folder}{stem}.jpg" for stem in ("01-1m", "01-2m", "40-1m", "40-2m")]
    row = table.iloc[1]
    assert (row["group"], row["subset"], row["width"], row["height"]) == ("01", "view 2", 64, 48)
    assert list(row[["left", "top", "box_width", "box_height"]]) == [0, 0, 64, 48]
    assert row["points"][:4] == [32.0, 12.0, 0.64, 12.0]


def test_imm_protocols(tables):
    people = {p: {s: {int(g) for g in gs} for s, gs in splits(tables["imm"], p).items()} for p in imm.SPLITS}
    one = set(range(1, 41))
    assert people["course"] == {"train": set(range(1, 33)), "val": set(range(33, 41))}
    assert people["held_out"] == {
        "train": set(range(1, 29)),
        "val": set(range(29, 33)),
        "test": one - set(range(33)),
    }


@pytest.mark.parametrize(
    "content, says",
    [
        (asf("01-1m.jpg", 57), "57 points, 58 are needed"),
        (asf("01-1m.jpg").replace(b"\n0 ", b"\n# ", 1), "57 points, 58 are needed"),
        (asf("01-1m.jpg")[:-20], "57 points, 58 are needed"),
        (b"", "0 points, 58 are needed"),
        (b"1\n" * 2**15 + b"1", "too long for annotations"),
        (asf("../01-1m.jpg"), "without a folder"),
        (asf("/etc/passwd"), "without a folder"),
        (asf("C:\\01-1m.jpg"), "without a folder"),
        (asf("01-1m.jpg", first="nan"), "01-1m.jpg: point 0 is not a finite number"),
        (asf("01-1m.jpg", first="none"), "01-1m.jpg: point 0 is not a finite number"),
        (asf("01-1m.jpg").replace(b"\t7 \t", b"\t8 \t"), "not numbered 0 to 57"),
    ],
)
def test_imm_annotations_that_are_wrong(tmp_path, content, says):
    path = as_zip(tmp_path / "imm", imm_files("x/", (1, 2)) | {"x/01-1m.asf": content})
    with pytest.raises(UserError, match=says) as error:
        imm.parse(path, 1, Faults("archive", 1.0))
    assert f"{path}: x/01-1m" in line(error)


def test_real_imm(tmp_path):
    path = cut_down(tmp_path, "imm_face_db.tar.gz", lambda name: "/01-" in name or "/40-" in name)
    table = imm.parse(path, 1, Faults("archive", 0.0))
    assert len(table) == 12 and set(table["group"]) == {"01", "40"} and inside(table) == 1
    assert (table["width"] == 640).all() and (table["height"] == 480).all()
