"""COCO's keypoints as the tools write them, and what is wrong with some."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from keypoints.datasets import formats
from keypoints.errors import UserError
from tests.layouts import as_tar, as_zip, image, line

NAMES = ["left_eye", "right_eye", "nose"]


def coco(**changes: Any) -> dict[str, Any]:
    """A document as CVAT writes it, with one face of three points; `changes` are those of its annotation."""
    annotation = {
        "id": 7,
        "image_id": 1,
        "category_id": 1,
        "segmentation": [],
        "area": 120.0,
        "bbox": [10.0, 8.0, 12.0, 10.0],
        "iscrowd": 0,
        "attributes": {"occluded": False, "keyframe": False},
        "keypoints": [10.5, 8.25, 2, 20.5, 8.5, 1, 15.0, 18.0, 2],
        "num_keypoints": 3,
    }
    return {
        "licenses": [{"name": "", "id": 0, "url": ""}],
        "info": {"contributor": "", "version": "", "year": ""},
        "categories": [
            {"id": 1, "name": "face", "supercategory": "", "keypoints": NAMES, "skeleton": [[1, 3], [2, 3]]}
        ],
        "images": [{"id": 1, "width": 64, "height": 48, "file_name": "a.jpg", "license": 0}],
        "annotations": [annotation | changes],
    }


def folder(path: Path, document: Any, pictures=("images/default/a.jpg",)) -> Path:
    files = {"annotations/person_keypoints_default.json": json.dumps(document).encode()}
    for name, data in (files | {name: image() for name in pictures}).items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


def test_a_face_by_the_projects_convention(tmp_path):
    found = formats.read(folder(tmp_path, coco()))
    (face,) = found.faces
    assert (found.format, found.names, found.skeleton) == ("coco", tuple(NAMES), ((0, 2), (1, 2)))
    assert face.points == (10.0, 7.75, 20.0, 8.0, 14.5, 17.5) and face.box == (10, 8, 12, 10)
    assert (face.file, face.group, face.subset) == ("images/default/a.jpg", face.file, "images/default")
    assert found.left_out == ()


def test_a_point_that_is_not_marked_is_missing(tmp_path):
    found = formats.read(folder(tmp_path, coco(keypoints=[0, 0, 0, 20.5, 8.5, 1, 15, 18, 2], bbox=[])))
    np.testing.assert_array_equal(found.points()[0], [(math.nan, math.nan), (20, 8), (14.5, 17.5)])
    table = found.table()
    assert list(table.iloc[0][["left", "top", "box_width", "box_height"]]) == [15, 8.5, 5.5, 9.5]
    assert math.isnan(table["points"][0][0])


@pytest.mark.parametrize(
    "named",
    [
        "a.jpg",
        "default/a.jpg",
        "/home/somebody/images/default/a.jpg",
        "C:\\data\\a.jpg",
        "../../../a.jpg",
        "https://host/x/a.jpg",
    ],
)
def test_pictures_by_any_path(tmp_path, named):
    document = coco()
    document["images"][0]["file_name"] = named
    assert formats.read(folder(tmp_path, document)).faces[0].file == "images/default/a.jpg"


def test_of_pictures_with_one_name_the_folders_decide(tmp_path):
    document = coco()
    document["images"][0]["file_name"] = "b/a.jpg"
    found = formats.read(folder(tmp_path, document, ("a/a.jpg", "b/a.jpg")))
    assert found.faces[0].file == "b/a.jpg"
    document["images"][0]["file_name"] = "a.jpg"
    with pytest.raises(UserError, match=r"a\.jpg and .*a\.jpg may be its picture") as error:
        formats.read(folder(tmp_path, document, ("a/a.jpg", "b/a.jpg")))
    assert "annotation 7" in line(error)


@pytest.mark.parametrize("pack", [as_zip, as_tar])
def test_archives_hold_the_same(tmp_path, pack):
    plain = folder(tmp_path / "plain", coco())
    files = {p.relative_to(plain).as_posix(): p.read_bytes() for p in plain.rglob("*") if p.is_file()}
    packed = pack(tmp_path / "packed", files)
    assert formats.read(packed).faces == formats.read(plain).faces


def test_crowds_boxes_and_other_categories_are_no_faults(tmp_path):
    document = coco()
    document["annotations"] += [
        {"id": 8, "image_id": 1, "category_id": 2, "bbox": [1, 2, 3, 4]},
        {"id": 9, "image_id": 1, "category_id": 1, "iscrowd": 1, "keypoints": [0] * 9, "segmentation": {}},
        {"id": 10, "image_id": 1, "category_id": 1, "keypoints": [0] * 9, "num_keypoints": 0},
    ]
    found = formats.read(folder(tmp_path, document))
    assert len(found.faces) == 1 and not any(each.broken for each in found.left_out)
    assert [each.where.rpartition(" ")[2] for each in found.left_out] == ["8", "9", "10"]


def test_mmpose_lists_have_no_names(tmp_path):
    document = coco()
    document["categories"] = [{"id": 1, "name": "face"}]
    assert formats.read(folder(tmp_path, document)).names == ("point_0", "point_1", "point_2")


def test_roboflow_has_a_category_without_points_and_a_document_per_folder(tmp_path):
    document = coco()
    document["categories"].insert(0, {"id": 0, "name": "faces", "supercategory": "none"})
    for part in ("train", "valid"):
        (tmp_path / part).mkdir()
        (tmp_path / part / "_annotations.coco.json").write_text(json.dumps(document))
        (tmp_path / part / "a.jpg").write_bytes(image())
    found = formats.read(tmp_path)
    assert [(face.file, face.subset) for face in found.faces] == [
        ("train/a.jpg", "train"),
        ("valid/a.jpg", "valid"),
    ]


def test_documents_may_list_the_same_points_in_another_order(tmp_path):
    document = coco()
    (tmp_path / "0.json").write_text(json.dumps(document))
    whole = formats.read(folder(tmp_path, document))
    (category,) = document["categories"]
    category["keypoints"] = NAMES[::-1]
    for face in document["annotations"]:
        values = face["keypoints"]
        face["keypoints"] = [v for k in range(len(values) - 3, -1, -3) for v in values[k : k + 3]]
    again = formats.read(folder(tmp_path, document))
    assert len(again.faces) == 1 and again.faces == whole.faces and again.names == whole.names


@pytest.mark.parametrize("first", ["0.json", "z.json"])
def test_documents_may_name_some_of_the_points_of_another(tmp_path, first):
    """As the predictions of a net that learned those in keypoints.yaml."""
    (tmp_path / first).write_text(json.dumps(coco()))
    document = coco(keypoints=[15.0, 18.0, 2], bbox=[1, 2, 30, 30])
    document["categories"] = [{"id": 1, "name": "face", "keypoints": ["nose"], "skeleton": []}]
    found = formats.read(folder(tmp_path, document))
    assert found.names == tuple(NAMES) and found.skeleton == ((0, 2), (1, 2))
    assert np.isnan(found.points()[:, :, 0]).sum(axis=1).tolist() == [2, 0]
    del document["categories"]
    with pytest.raises(UserError, match="its points are others than before"):
        formats.read(folder(tmp_path, document))


def test_an_id_of_two_pictures_is_neither(tmp_path):
    document = coco()
    document["images"].append(document["images"][0] | {"file_name": "other.jpg"})
    with pytest.raises(UserError, match="annotation 7: two images have its image_id"):
        formats.read(folder(tmp_path, document))


@pytest.mark.parametrize(
    "changes, says",
    [
        ({"keypoints": [1, 2, 2]}, "3 numbers, 9 are needed"),
        ({"keypoints": [float("nan"), 2, 2, *[1] * 6]}, "point left_eye is not a finite number"),
        ({"keypoints": [1e300, 2, 2, *[1] * 6]}, "1e.300 is no place"),
        ({"keypoints": [10**400, 2, 2, *[1] * 6]}, "point left_eye is not a finite number"),
        ({"keypoints": ["1", 2, 2, *[1] * 6]}, "point left_eye is not a finite number"),
        ({"keypoints": [2] * 300_000}, "300000 numbers"),
        ({"keypoints": "x"}, "no annotation has keypoints"),
        ({"bbox": [1, 2, -3, 4]}, "its box has no area"),
        ({"bbox": [1, 2, float("inf"), 4]}, "the box is not a finite number"),
        ({"image_id": 5}, "image_id is none of the images"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_wrong_face_is_named_or_left_out(tmp_path, changes, says):
    document = coco(**changes)
    with pytest.raises(UserError, match=says) as error:
        formats.read(folder(tmp_path, document))
    assert str(tmp_path) in line(error) and len(str(error.value)) < 500
    if "no annotation" in says:
        return
    document["annotations"] += [coco(id=k, bbox=[k, 8, 12, 10])["annotations"][0] for k in range(10, 19)]
    found = formats.read(folder(tmp_path, document), max_broken=0.1)
    assert len(found.faces) == 9 and [each.broken for each in found.left_out] == [True]
    with pytest.raises(UserError, match="1 of 10 faces are wrong"):
        formats.read(tmp_path, max_broken=0.09)


@pytest.mark.parametrize(
    "content, says",
    [
        (b'{"images": [', "no plain JSON"),
        (b"[" * 100_000, "nested too deep"),
        (b'{"a":' * 100_000, "nested too deep"),
        (b'{"images": [], "annotations": []}', "no annotation has keypoints"),
        (b'{"images": ' + b"1" * 10_000 + b"}", "no plain JSON"),
        (b"{}", "no annotation of points"),
    ],
    ids=["cut", "deep list", "deep object", "empty", "long number", "nothing"],
)
def test_a_document_that_is_none(tmp_path, content, says):
    (tmp_path / "a.json").write_bytes(content)
    (tmp_path / "a.jpg").write_bytes(image())
    with pytest.raises(UserError, match=says) as error:
        formats.read(tmp_path)
    assert str(tmp_path) in line(error)


@pytest.mark.parametrize(
    "names, says",
    [
        (["a", "a", "b"], "two points are called 'a'"),
        (["a", "\x1b[2J", "b"], r"printable"),
        (["a", "b" * 1000, "c"], "short name"),
        ([f"p{k}" for k in range(100_000)], "100000 different points"),
    ],
    ids=["twice", "control", "long", "many"],
)
def test_names_of_no_use(tmp_path, names, says):
    document = coco(keypoints=[2] * 3 * len(names))
    document["categories"][0] |= {"keypoints": names, "skeleton": []}
    with pytest.raises(UserError, match=says) as error:
        formats.read(folder(tmp_path, document), max_broken=1.0)
    assert line(error).isprintable()


@pytest.mark.parametrize("skeleton", [[[1, 4]], [[0, 3]], [[-1, 2]], [1, 2], "x", [[1, 2, 3]], [[1, 1e400]]])
def test_a_skeleton_of_other_points(tmp_path, skeleton):
    document = coco()
    document["categories"][0]["skeleton"] = skeleton
    with pytest.raises(UserError, match="skeleton"):
        formats.read(folder(tmp_path, document))


def test_a_skeleton_with_a_zero_counts_from_zero(tmp_path):
    document = coco()
    document["categories"][0]["skeleton"] = [[0, 2], [1, 2]]
    assert formats.read(folder(tmp_path, document)).skeleton == ((0, 2), (1, 2))
