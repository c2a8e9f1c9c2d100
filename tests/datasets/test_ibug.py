"""iBUG 300-W in dlib's layout: its lists, photographs and protocols."""

from __future__ import annotations

import pandas as pd
import pytest

from keypoints.datasets import ibug
from keypoints.errors import Faults, UserError
from tests.layouts import (
    COLUMNS,
    TEST,
    TRAIN,
    as_tar,
    as_zip,
    cut_down,
    ibug_files,
    inside,
    line,
    splits,
    xml,
)


@pytest.mark.parametrize(
    "file, group",
    [
        ("afw/134212_2.jpg", "afw/134212"),
        ("afw/18489332_10_mirror.jpg", "afw/18489332"),
        ("helen/trainset/1234567_1.jpg", "helen/trainset/1234567"),
        ("lfpw/trainset/image_0001.jpg", "lfpw/trainset/image_0001"),
        ("lfpw/testset/image_0001_mirror.jpg", "lfpw/testset/image_0001"),
        ("ibug/image_003_1.jpg", "ibug/image_003"),
        ("ibug/image_092 _01.jpg", "ibug/image_092"),
        ("ibug/image_010.jpg", "ibug/image_010"),
    ],
)
def test_ibug_photographs(file, group):
    assert ibug.photograph(file) == group


def test_photographs_that_are_there_twice_are_one():
    assert ibug.photograph("lfpw/trainset/image_0583.jpg") == ibug.photograph("lfpw/trainset/image_0548.jpg")
    twins = {
        ibug.photograph(f"helen/trainset/{name}.jpg") for name in ("1218567979_2_mirror", "1207662328_1")
    }
    assert twins == {"helen/trainset/1207662328"}


def test_ibug_rows(tables):
    table = tables["ibug"]
    row = table[table["file"].str.endswith("/afw/3_2.jpg")].iloc[0]
    assert list(row[["width", "height", "left", "top", "box_width", "box_height"]]) == [64, 48, 3, -5, 40, 41]
    assert row["points"][:4] == [0.0, 0.25, 1.0, 1.25] and (row["subset"], row["list"]) == ("afw", "train")
    assert set(table["subset"].str.removesuffix(" mirrored")) == {"afw", "ibug"} | {
        f"{a}/{b}set" for a in ("helen", "lfpw") for b in ("train", "test")
    }


def test_ibug_parts_in_any_order(tables, tmp_path):
    table = ibug.parse(as_tar(tmp_path / "ibug", ibug_files(step=-1)), 42, Faults("archive", 0.0))
    pd.testing.assert_frame_equal(table, tables["ibug"])


def test_ibug_protocols(tables):
    table = tables["ibug"]
    name = table["file"].str.split("/", n=1).str[1]
    mirror = name.str.contains("_mirror")
    tested = {split: set(name[table[f"split_{split}"] == "test"]) for split in ibug.SPLITS}
    assert tested["kaggle"] == set(TEST)
    assert tested["300w"] == {
        "helen/testset/9_1.jpg",
        "lfpw/testset/image_0001.jpg",
        "ibug/image_003_1.jpg",
        "ibug/image_003_2.jpg",
    }
    assert tested["strict"] == tested["kaggle"] | tested["300w"]
    for split in ibug.SPLITS:
        column = table[f"split_{split}"]
        assert not (column.isin(["train", "val"]) & mirror).any()
        groups = splits(table, split)
        assert not groups["train"] & groups["val"]
    learned = name[table["split_kaggle"].isin(["train", "val"])]
    assert set(learned) == {file for file in TRAIN if "_mirror" not in file}
    learned = name[table["split_300w"].isin(["train", "val"])]
    assert set(learned) == {
        file
        for file in TRAIN + TEST
        if file.startswith(("afw", "helen/trainset", "lfpw/trainset")) and "_mirror" not in file
    }
    strict = splits(table, "strict")
    assert not strict["test"] & (strict["train"] | strict["val"])
    assert not {"afw/1", "ibug/image_003"} & (
        strict["train"] | strict["val"]
    )  # photographs with a tested face
    assert {"afw/2", "helen/trainset/7"} <= strict["train"] | strict["val"]


def test_ibug_kaggle_list_keeps_its_order(tmp_path):
    files = ibug_files()
    table = ibug.kaggle_list(as_tar(tmp_path / "ibug", files))
    assert list(table) == COLUMNS[:7]
    assert [file.split("/", 1)[1] for file in table["file"]] == TEST[::-1]
    assert list(table.iloc[0])[1:] == [64, 48, 3, -5, 40, 41]
    official = {name: data for name, data in files.items() if "parsed" not in name}
    table = ibug.kaggle_list(as_tar(tmp_path / "ibug", official))
    assert [file.split("/", 1)[1] for file in table["file"]] == TEST
    del files[table["file"][2]]
    with pytest.raises(UserError, match=r"lfpw/testset/image_0001\.jpg of .*parsed\.xml: not in the archive"):
        ibug.kaggle_list(as_tar(tmp_path / "ibug", files))


ENTITY = b"<!DOCTYPE d [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><dataset>&e;</dataset>"


@pytest.mark.parametrize(
    "content, says",
    [
        (b"file,x,y\n", "no plain XML"),
        (ENTITY, "no plain XML"),
        (b"<!DOCTYPE dataset><dataset/>", "no plain XML"),
        (xml(TRAIN).replace(b"ISO-8859-1", b"no-such"), "no plain XML"),
        (xml(TRAIN)[:-30], "no plain XML"),
        (b"<dataset/>", "lists no face"),
        (xml(TRAIN, step=2), "afw/1_1.jpg: 34 different points"),
        (xml(TRAIN, points=False), "afw/1_1.jpg: 0 different points"),
        (xml(TRAIN).replace(b"name='05'", b"name='06'", 1), "afw/1_1.jpg: 67 different points"),
        (xml(TRAIN).replace(b"x='5'", b"x='NaN'", 1), "afw/1_1.jpg: point 5 is not a finite number"),
        (xml(TRAIN, box="top='0' left='0' width='0' height='9'"), "a box needs"),
        (xml(TRAIN, box="top='0' width='9' height='9'"), "the box is not a finite number"),
    ],
)
def test_ibug_lists_that_are_wrong(tmp_path, content, says):
    files = ibug_files() | {"ibug_300W_large_face_landmark_dataset/labels_ibug_300W_train.xml": content}
    path = as_zip(tmp_path / "ibug", files)
    with pytest.raises(UserError, match=says) as error:
        ibug.parse(path, 1, Faults("archive", 1.0))
    assert str(path) in line(error)


def test_real_ibug(tmp_path):
    def keep(name):
        return name.endswith(".xml") or "/helen/testset/" in name

    path = cut_down(tmp_path, "ibug_300W_large_face_landmark_dataset.tar.gz", keep)
    table = ibug.parse(path, 1, Faults("archive", 1.0))
    assert set(table["subset"].str.removesuffix(" mirrored")) == {"helen/testset"} and inside(table) > 0.99
    assert len(table) > 300 and (table["split_300w"] == "test").sum() == 330
    assert set(table["split_300w"]) == {"test", ""}
