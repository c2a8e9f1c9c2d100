"""A person's own faces: their table by any format, groups, and splits that keep groups together."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image

from keypoints import files
from keypoints.datasets import formats, own, tensors
from keypoints.errors import Faults, UserError
from keypoints.settings.params import Splits
from keypoints.settings.recipes import Data
from tests.layouts import line

SPLITS = Splits(group=None, csv=None, test=0.2, val=0.2, folds=5, seed=1)
NAMES = ["left_eye", "right_eye", "nose"]


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("L", (60, 40)).save(out, "PNG")
    return out.getvalue()


def coco(pictures: list[str], points: list[list[float]] | None = None) -> bytes:
    """One face per picture, the third point missing in every other one."""
    marks = [[12, 13, 2, 30, 13, 2, *([0, 0, 0] if k % 2 else [20, 25, 1])] for k in range(len(pictures))]
    images = [{"id": k, "file_name": name, "width": 60, "height": 40} for k, name in enumerate(pictures)]
    boxes = {"category_id": 1, "bbox": [5, 5, 30, 30]}
    faces = [{"id": k, "image_id": k, "keypoints": m, **boxes} for k, m in enumerate(points or marks)]
    category = {"id": 1, "name": "face", "keypoints": NAMES, "skeleton": [[1, 3], [2, 3]]}
    return json.dumps({"images": images, "annotations": faces, "categories": [category]}).encode()


def archive(folder: Path, pictures: list[str], **more: bytes) -> Path:
    members = {name: picture() for name in pictures} | {"faces.json": coco(pictures)}
    files.save_tar(folder / "own.tar", (members | {f"{k}.csv": v for k, v in more.items()}).items())
    return folder / "own.tar"


PEOPLE = [f"in/p{person}_{k}.png" for person in range(10) for k in range(3)]


def parse(folder: Path, pictures: list[str] = PEOPLE, splits: Splits = SPLITS, **more: bytes):
    return own.parse(archive(folder, pictures, **more), "own", splits, Faults("own", 0.1))


def columns(table: pd.DataFrame) -> list[str]:
    return [name for name in table.columns if name.startswith("split_")]


def test_the_scheme_and_the_gaps_come_with_the_table(tmp_path):
    table, scheme = parse(tmp_path)
    assert scheme.names() == NAMES and scheme.partners == (1, 0, 2) and scheme.eyes is None
    assert len(table) == 30 and set(table["subset"]) == {"in"}
    assert pd.isna(table["points"].map(lambda points: points[4])).sum() == 15
    assert table["group"].tolist() == table["file"].tolist()
    assert columns(table) == ["split_holdout", *(f"split_fold{k}" for k in range(1, 6))]


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_photographs_are_cut_upright_however_the_camera_was_held(tmp_path, orientation, kind):
    """As they are seen when points are looked for; their marks are those of the upright picture."""
    upright = Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 60), dtype=np.uint8))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    back = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # Pillow's numbers of what turns it back
    stored = upright.transpose(back[orientation]) if orientation > 1 else upright
    names = [f"{k}.png" for k in range(5)]
    content = io.BytesIO()
    stored.save(content, kind, exif=exif)
    members = {name: content.getvalue() for name in names} | {"faces.json": coco(names)}
    files.save_tar(tmp_path / "own.tar", members.items())
    table, scheme = own.parse(tmp_path / "own.tar", "own", SPLITS, Faults("own", 0.0))
    assert set(zip(table["width"], table["height"], strict=True)) == {(60, 40)}
    assert list(table["points"][0][:2]) == [11.5, 12.5]
    data = Data("own", "all", "holdout", "image", 1.0, [60, 40], 0, 1)
    faces = tensors.build(table, tmp_path / "own.tar", data, scheme, Faults("own", 0.0), formats.members)
    np.testing.assert_array_equal(faces.images[0, ..., 0], np.asarray(upright))


def test_a_person_is_in_one_split_only(tmp_path):
    table, _ = parse(tmp_path, splits=replace(SPLITS, group=r"p(\d+)_"))
    assert set(table["group"]) == {str(k) for k in range(10)}
    for column in columns(table):
        assert (table.groupby("group")[column].nunique() == 1).all()
        counts = table.groupby(column)["group"].nunique()
        assert counts.to_dict() == {"train": 6, "val": 2, "test": 2}
    tested = [set(table["group"][table[column] == "test"]) for column in columns(table)[1:]]
    assert set.union(*tested) == set(table["group"]) and sum(map(len, tested)) == 10


def test_all_that_the_expression_finds_is_the_group_where_it_has_none(tmp_path):
    assert set(parse(tmp_path, splits=replace(SPLITS, group=r"p\d"))[0]["group"]) == {
        f"p{k}" for k in range(10)
    }


def test_a_list_says_group_and_split(tmp_path):
    rows = [
        "file,group,split",
        *(f"{name[3:]},{name[4]},{'test' if name[4] < '3' else 'train'}" for name in PEOPLE[:27]),
    ]
    table, _ = parse(tmp_path, splits=replace(SPLITS, csv="list.csv"), list="\n".join(rows).encode())
    assert table["split_holdout"].value_counts().to_dict() == {"train": 18, "test": 9, "": 3}
    assert table["group"].nunique() == 9 + 3  # three pictures are not listed


def test_pictures_are_listed_by_any_spelling_and_what_is_amiss_is_said(tmp_path, capsys):
    """A picture whose row finds none is a group by itself, and its person may then train and test."""
    pictures = ["é/1.png", "b/1.png", "1.png", "b/2.png", "c/3.png"]
    rows = ["file,group", "e\u0301\\1.png,e", "./b//1.png,b", "1.png,one", "2.png,b", "4.png,d"]
    content = "\r\n".join(rows).encode()
    table, _ = parse(tmp_path, pictures, replace(SPLITS, csv="list.csv"), list=content)
    groups = dict(zip(table["file"], table["group"], strict=True))
    assert groups == dict(zip(pictures, ["e", "b", "one", "b", "c/3.png"], strict=True))
    (said,) = capsys.readouterr().err.splitlines()
    assert "list.csv: 1 rows name no picture, the first '4.png'; 1 pictures with faces" in said
    assert said.startswith("warning: ") and said.endswith("the first 'c/3.png'")


@pytest.mark.parametrize("mark", [",", ";", "\t", ", "])
def test_a_list_may_come_from_any_spreadsheet(tmp_path, mark):
    """Delimiters, capital letters, blanks and ends of lines differ. Without a group a picture is one."""
    rows = [["File", "Group"], *([name, name[3:5] + " " * (name[6] == "1")] for name in PEOPLE[:27])]
    rows += [[name, ""] for name in PEOPLE[27:]]
    content = "\r\n".join(map(mark.join, rows)).encode()
    table, _ = parse(tmp_path, splits=replace(SPLITS, csv="list.csv"), list=content)
    groups = dict(zip(table["file"], table["group"], strict=True))
    assert groups == {name: name[3:5] for name in PEOPLE[:27]} | {name: name for name in PEOPLE[27:]}


def test_people_who_train_and_test_are_said(tmp_path, capsys):
    rows = ["file,group,split", *(f"{name},{name[3:5]},train" for name in PEOPLE)]
    rows[2] = rows[2].replace("train", "test")
    table, _ = parse(tmp_path, splits=replace(SPLITS, csv="list.csv"), list="\n".join(rows).encode())
    assert table["split_holdout"].value_counts().to_dict() == {"train": 29, "test": 1}
    said = capsys.readouterr().err
    assert said == "warning: datasets.own.splits.csv: 1 groups are in more than one split, the first 'p0'\n"


@pytest.mark.parametrize(
    "splits, content, said",
    [
        ({"group": "x("}, b"", r"datasets\.own\.splits\.group: 'x\(' is no regular expression"),
        ({"group": "q"}, b"", r"splits\.group: 'q' finds nothing in in/p0_0\.png"),
        ({"csv": "none.csv"}, b"", r"own\.tar: none\.csv is not there: correct datasets\.own\.splits\.csv"),
        ({"csv": "list.csv"}, b"name,split\na,b\n", r"list\.csv: it needs a column file"),
        ({"csv": "list.csv"}, b"file,split\np0_0.png,tset\n", r"list\.csv: line 2: split 'tset' is none of"),
        ({"csv": "list.csv"}, b"\xff\xfe", r"list\.csv: no CSV"),
        ({"csv": "list.csv"}, b'file,group\np0_0.png,"p0\np0_1.png,p0\n', r"list\.csv: no CSV"),
        (
            {"csv": "list.csv"},
            b"file,group\np0_0,p0\n",
            r"list\.csv: no row names a picture, the first 'p0_0'",
        ),
        ({"csv": "list.csv"}, b"file,group\na.png,p\n", r"line 2: a\.png may be one/a\.png and two/a\.png: "),
        ({"csv": "list.csv"}, b"file,group\np0_0.png,p\nin/p0_0.png,q\n", r"line 3: another line says other"),
        ({"group": "p"}, b"", r"of 1 groups, 3 are needed"),
    ],
)
def test_what_is_wrong_is_named(splits, content, said, tmp_path):
    with pytest.raises(UserError, match=said) as error:
        parse(tmp_path, [*PEOPLE, "one/a.png", "two/a.png"], replace(SPLITS, **splits), list=content)
    line(error)


def test_what_is_left_out_is_noted(tmp_path):
    names = PEOPLE[:20]
    members = {name: picture() for name in names[1:]} | {"faces.json": coco(names)}
    files.save_tar(tmp_path / "own.tar", members.items())
    faults = Faults("own", 0.1)
    table, _ = own.parse(tmp_path / "own.tar", "own", SPLITS, faults)
    assert len(table) == 19
    ((where, why),) = faults.broken.items()
    assert "annotation 0" in where and "not there" in why


@settings(max_examples=30, deadline=None)
@given(
    groups=st.integers(4, 40),
    test=st.floats(0, 1),
    val=st.floats(0, 1),
    folds=st.integers(2, 9),
    seed=st.integers(0, 9),
)
def test_groups_are_shared_out_whatever_is_asked_for(groups, test, val, folds, seed):
    """Some group always trains, and one of each asked-for kind is there; folds test each group once."""
    table = pd.DataFrame(
        {"file": [f"{k}.jpg" for k in range(2 * groups)], "group": [str(k // 2) for k in range(2 * groups)]}
    )
    own.add_splits(table, replace(SPLITS, test=test, val=val, folds=folds, seed=seed), None, "key")
    for column in columns(table):
        found = set(table[column])
        assert "train" in found and found <= {"train", "val", "test"}
        assert ("val" in found) == bool(val)
    assert ("test" in set(table["split_holdout"])) == bool(test)
    times = (table[columns(table)[1:]] == "test").sum(axis=1)
    assert (times == 1).all() and len(columns(table)) == 1 + min(folds, groups)
