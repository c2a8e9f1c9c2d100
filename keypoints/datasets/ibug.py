"""iBUG 300-W (Sagonas et al., 2013) as dlib ships it: 68 points, two XML lists, mirrored twins."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

from keypoints.datasets import face_table
from keypoints.datasets.face_table import Face, parse_number
from keypoints.datasets.formats import dlib_xml
from keypoints.errors import Faults, UserError
from keypoints.landmarks import IBUG as SCHEME

if TYPE_CHECKING:
    import pandas as pd

SPLITS = ("kaggle", "300w", "strict")

_LISTS = {"train": "labels_ibug_300W_train.xml", "test": "labels_ibug_300W_test.xml"}
_KAGGLE = "labels_ibug_300W_test_parsed.xml"
_XML = r"(?:.*/)?labels_ibug_300W_(?:train|test|test_parsed)\.xml"
_IMAGE = r"(?:.*/)?[^./][^/]*\.(?:jpg|jpeg|png)"
_TRAIN_300W = {"afw", "helen/trainset", "lfpw/trainset"}
_TEST_300W = {"helen/testset", "lfpw/testset", "ibug"}
# Photographs that LFPW and Helen hold twice under different numbers, recompressed, greyed or taken a
# moment later; found among the training sets by correlating all crops, and checked by eye.
_TWICE = {
    "lfpw/trainset/image_0583": "lfpw/trainset/image_0548",
    "lfpw/trainset/image_0683": "lfpw/trainset/image_0712",
    "lfpw/trainset/image_0641": "lfpw/trainset/image_0636",
    "lfpw/trainset/image_0454": "lfpw/trainset/image_0407",
    "lfpw/trainset/image_0573": "lfpw/trainset/image_0592",
    "lfpw/trainset/image_0685": "lfpw/trainset/image_0719",
    "lfpw/trainset/image_0682": "lfpw/trainset/image_0204",
    "lfpw/trainset/image_0704": "lfpw/trainset/image_0204",
    "lfpw/trainset/image_0011": "lfpw/trainset/image_0044",
    "lfpw/trainset/image_0445": "lfpw/trainset/image_0413",
    "helen/trainset/1218567979": "helen/trainset/1207662328",
}
_VAL = 0.1  # of the photographs to train on


def parse(archive: Path, seed: int, faults: Faults) -> pd.DataFrame:
    """The faces of both lists (see `face_table.build_table`), with the columns list and split_<protocol>.

    list is "train" or "test", dlib's; subset the folder, and for twins "… mirrored"; group the
    photograph. Protocols: kaggle tests on dlib's test list; 300w trains and tests by folder, as other
    papers do; strict tests on all that either of them tests on, and trains on the photographs of which
    it tests no face. A tenth of the training photographs, drawn by `seed`, is "val". Mirrored twins are
    tested where dlib's list says so and never trained on: augmentation flips. Raises `UserError`.
    """
    lists, sizes = face_table.scan(archive, _XML, _IMAGE)
    faces = [face for name in _LISTS for face in _faces(archive, lists, name)]
    table = face_table.build_table(archive, faces, sizes, faults)
    file, subset, group = table["file"], table["subset"], table["group"]
    mirror = file.map(is_mirror)
    test = {"kaggle": table["list"] == "test", "300w": subset.isin(_TEST_300W) & ~mirror}
    test["strict"] = test["kaggle"] | test["300w"]
    train = {
        "kaggle": table["list"] == "train",
        "300w": subset.isin(_TRAIN_300W),
        "strict": ~group.isin(group[test["strict"]]),
    }
    for name in SPLITS:
        used = train[name] & ~mirror & ~test[name]
        (val,) = face_table.draw_groups(group[used], seed, _VAL)
        table[f"split_{name}"] = ""
        table.loc[used, f"split_{name}"] = group[used].map(
            lambda name, val=val: "val" if name in val else "train"
        )
        table.loc[test[name], f"split_{name}"] = "test"
    table["subset"] += mirror.map({True: " mirrored", False: ""})
    return table


def kaggle_list(archive: Path) -> pd.DataFrame:
    """The faces of the course's Kaggle list in its order, which the submission's Ids follow.

    Columns: file, width, height, left, top, box_width, box_height. dlib's own archive lacks that list;
    its test list has the same faces in the same order. Raises `UserError`, also for a missing image.
    """
    import pandas as pd

    lists, sizes = face_table.scan(archive, _XML, _IMAGE)
    chosen = _KAGGLE if any(name.endswith(_KAGGLE) for name in lists) else _LISTS["test"]
    folder, root = _read(archive, lists, chosen)
    rows = []
    for name, box in dlib_xml.boxes(root):
        size = sizes.get(folder + name, "not in the archive")
        if isinstance(size, str):
            raise UserError(f"{archive}: {name} of {chosen}: {size}: every face of the list needs its image")
        rows.append((folder + name, *size, *dlib_xml.region(f"{archive}: {chosen}: {name}", box)))
    return pd.DataFrame(rows, columns=["file", "width", "height", "left", "top", "box_width", "box_height"])


def is_mirror(file: str) -> bool:
    """Whether the file is the mirrored twin of another."""
    return Path(file).stem.endswith("_mirror")


def photograph(file: str) -> str:
    """What `afw/123_1.jpg`, `afw/123_2.jpg` and `afw/123_1_mirror.jpg` share: `afw/123`.

    Numbers of faces have one or two digits; `lfpw/trainset/image_0001` is a photograph's own number.
    One that is there twice has the name of its other copy.
    """
    folder, _, name = file.rpartition("/")
    stem = Path(name).stem.removesuffix("_mirror")
    name = f"{folder}/{re.sub(r' ?_[0-9]{1,2}$', '', stem)}"
    return _TWICE.get(name, name)


def _faces(archive: Path, lists: dict[str, bytes], name: str) -> Iterator[Face]:
    folder, root = _read(archive, lists, _LISTS[name])
    for file, box in dlib_xml.boxes(root):
        where = f"{archive}: {_LISTS[name]}: {file}"
        parts = {parse_number(part.get("name")): part for part in box.iter("part")}
        if len(box.findall("part")) != SCHEME.points or set(parts) != set(range(SCHEME.points)):
            raise UserError(f"{where}: {len(parts)} different points, 0 to {SCHEME.points - 1} are needed")
        points = tuple(parse_number(parts[k].get(axis)) for k in range(SCHEME.points) for axis in "xy")
        subset, group = file.rpartition("/")[0], photograph(file)
        yield Face(folder + file, dlib_xml.region(where, box), points, group, subset, (("list", name),))


def _read(archive: Path, lists: dict[str, bytes], name: str) -> tuple[str, Element]:
    """The folder that a list's files are relative to, and its XML."""
    folder, content = face_table.find_member(archive, lists, name)
    return folder, dlib_xml.root(content, f"{archive}: {name}", "download it again")
