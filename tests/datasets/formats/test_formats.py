"""The same faces in every format give the same table, byte for byte; what is wrong is one line."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from keypoints.datasets import formats
from keypoints.datasets.formats import Annotated
from keypoints.errors import UserError
from tests.datasets.formats.layouts import KINDS, LAYOUTS, PICTURES, drawn, kaggle, lay, names
from tests.layouts import as_tar, as_zip, line

COUNTS = (5, 21, 68, 98)
BOXLESS = [name for name in LAYOUTS if not name.startswith("dlib") and name != "WFLW"]
GAPS = [name for name in LAYOUTS if name not in ("pts", "WFLW")]
BOXED = [name for name in LAYOUTS if name != "pts"]


def as_bytes(annotated: Annotated, path: Path) -> bytes:
    """The table as the pipeline's stage writes it; WFLW's own subsets and lists are left out."""
    table = annotated.table()
    if annotated.format == "wflw":
        table = table.drop(columns="list").assign(
            subset=[str(Path(f).parent).strip(".") for f in table["file"]]
        )
    table.to_parquet(path)
    return path.read_bytes()


def expected(count: int, boxes: bool, missing: bool) -> list[tuple]:
    gap = (math.nan, math.nan)
    faces = sorted(drawn(count, boxes, missing), key=lambda face: face.file)
    return [(face.file, tuple(map(float, face.box or ())), [p or gap for p in face.points]) for face in faces]


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize(
    "boxes, missing, layouts",
    [(True, False, BOXED), (False, False, BOXLESS), (True, True, [n for n in GAPS if n in BOXED])],
    ids=["boxes", "no boxes", "missing points"],
)
def test_the_same_table_from_every_format(tmp_path, count, boxes, missing, layouts):
    tables = {}
    for layout in layouts:
        if layout == "WFLW" and count != 98:
            continue
        path = lay(tmp_path / layout, LAYOUTS[layout](drawn(count, boxes, missing)))
        found = formats.read(path)
        assert found.format == KINDS[layout]
        assert len(found.names) == count
        points = [list(map(tuple, face)) for face in found.points().tolist()]
        for (file, box, truth), face, got in zip(
            expected(count, boxes, missing), found.faces, points, strict=True
        ):
            assert (face.file, face.box) == (file, box)
            np.testing.assert_array_equal(got, truth)
        tables[layout] = as_bytes(found, tmp_path / "table.parquet")
    assert len(tables) > 3 and len(set(tables.values())) == 1


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("pack", [as_zip, as_tar])
def test_archives_and_folders_give_the_same_faces(tmp_path, layout, pack):
    files = LAYOUTS[layout](drawn(98))
    packed = pack(tmp_path / "packed", files | PICTURES)
    assert formats.read(packed).faces == formats.read(lay(tmp_path / "plain", files)).faces


@pytest.mark.parametrize("layout", ["coco", "dlib", "labelme", "Label Studio", "long CSV", "wide CSV"])
def test_names_are_read(tmp_path, layout):
    assert formats.read(lay(tmp_path, LAYOUTS[layout](drawn(5)))).names == tuple(names(5))


@pytest.mark.parametrize("layout", ["dlib by number", "pts", "wide CSV by number"])
def test_numbers_are_no_names(tmp_path, layout):
    path = lay(tmp_path, LAYOUTS[layout](drawn(5)))
    assert formats.read(path).names == tuple(f"point_{k}" for k in range(5))
    (path / "keypoints.yaml").write_text("names: [a, b, c, d, e]")
    assert formats.read(path).names == tuple("abcde")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_missing_picture_is_one_line_or_left_out(tmp_path, layout):
    path = lay(tmp_path, LAYOUTS[layout](drawn(98)))
    (path / "c.png").unlink()
    with pytest.raises(UserError, match=r"its picture is not there.*1 of 3 faces are wrong") as error:
        formats.read(path)
    assert str(path) in line(error)
    found = formats.read(path, max_broken=0.34)
    assert len(found.faces) == 2 and sum(each.broken for each in found.left_out) == 1
    (path / "photos/b.jpg").write_bytes(b"<html>")
    assert len(formats.read(path, max_broken=0.7).faces) == 1


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("kind, orientation", [*(("JPEG", k) for k in range(1, 9)), ("PNG", 6), ("TIFF", 6)])
def test_marks_on_a_turned_picture_come_to_lie_on_the_stored_one(tmp_path, layout, kind, orientation):
    """The picture is stored turned, and EXIF says how to turn it upright; a TIFF is read upright already."""
    path = lay(tmp_path, LAYOUTS[layout](drawn(98)))
    exif = Image.Exif()
    exif[0x0112] = orientation
    upright = KINDS[layout] not in ("dlib_xml", "pts", "wflw")
    width, height = 64, 48
    stored = (height, width) if orientation > 4 and upright else (width, height)
    Image.new("RGB", stored).save(path / "photos/a.jpg", kind, exif=exif)
    before = next(face for face in drawn(98) if face.file == "photos/a.jpg")
    found = formats.read(path)
    (k,) = (k for k, face in enumerate(found.faces) if face.file == "photos/a.jpg")
    points = found.points()[k]
    if upright and kind != "TIFF":
        from keypoints.pictures.images import turn_points

        points = turn_points(points, orientation, stored)
    np.testing.assert_array_equal(points, before.points)


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("layout", ["coco", "dlib", "labelme", "Label Studio"])
def test_a_picture_that_was_resized_after_it_was_annotated(tmp_path, layout, orientation):
    """Its pixels are others now, but per cent of it are not; the document says what it was annotated on."""
    path = lay(tmp_path, LAYOUTS[layout](drawn(5)))
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = (128, 144) if orientation == 1 else (144, 128)  # twice as wide and three times as high
    Image.new("RGB", stored).save(path / "photos/a.jpg", exif=exif)
    if layout != "Label Studio":
        with pytest.raises(
            UserError, match=f"on 64 x 48 pixels, its picture has {stored[0]} x {stored[1]}: "
        ):
            formats.read(path)
        assert len(formats.read(path, max_broken=0.4).faces) == 2
        return
    before = next(face for face in drawn(5) if face.file == "photos/a.jpg")
    found = formats.read(path).upright()
    (k,) = (k for k, face in enumerate(found.faces) if face.file == "photos/a.jpg")
    np.testing.assert_array_equal(found.points()[k], (np.array(before.points) + 0.5) * [2, 3] - 0.5)
    assert before.box and found.faces[k].box == tuple(np.multiply(before.box, [2, 3, 2, 3]))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    "old, new, says",
    [
        (b"", b"", ""),
        (b"3", b"1e999", "finite|no place|adjust"),
        (b"3", b"-1e30", "no place"),
        (b"7", b"NaN", "finite"),
    ],
    ids=["as it is", "infinite", "far", "NaN"],
)
def test_broken_numbers_never_get_into_a_table(tmp_path, layout, old, new, says):
    """Every number of every document, one after the other by a stride, is replaced."""
    files = LAYOUTS[layout](drawn(98))
    name, content = next(iter(files.items()))
    places = [k for k in range(len(content)) if old and content[k : k + 1] == old][::37]
    for place in places[:25]:
        changed = content[:place] + new + content[place + len(old) :]
        path = lay(tmp_path, files | {name: changed})
        try:
            found = formats.read(path, max_broken=1.0)
        except UserError as error:
            assert str(error).isprintable()
            continue
        points = found.points()
        assert (np.isnan(points) | (np.abs(points) <= 1e6)).all()
        assert np.isnan(points).all(-1).tolist() == np.isnan(points).any(-1).tolist()
        found.table()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_cut_documents_are_one_line(tmp_path, layout):
    files = LAYOUTS[layout](drawn(98))
    for share in (0.0, 0.01, 0.3, 0.7, 0.99):
        path = lay(tmp_path, {name: data[: int(share * len(data))] for name, data in files.items()})
        try:
            formats.read(path)
        except UserError as error:
            assert str(error).isprintable() and str(path) in str(error) and len(str(error)) < 600


def test_annotations_of_two_formats(tmp_path):
    path = lay(tmp_path, LAYOUTS["coco"](drawn(5)) | LAYOUTS["pts"](drawn(5)))
    with pytest.raises(UserError, match=r"two formats, .*json \(coco\) and .*pts \(pts\)"):
        formats.read(path)
    assert formats.read(path, kind="pts").format == "pts"


def test_pictures_alone(tmp_path):
    with pytest.raises(UserError, match="3 pictures and 0 other files, and no annotation"):
        formats.read(lay(tmp_path, {}))
    with pytest.raises(UserError, match="is missing: name your folder or archive"):
        formats.read(tmp_path / "nothing")


# --- Kaggle's pictures in cells


def test_kaggles_pictures_come_out_of_the_table(tmp_path):
    path = as_zip(tmp_path / "training.zip", kaggle([(66.5, 39.25, 44, 57), (None, None, 40, 50)]))
    found = formats.read(path)
    assert found.names == ("left_eye_center", "nose_tip")
    assert [face.file for face in found.faces] == ["training.csv/00001.pgm", "training.csv/00002.pgm"]
    np.testing.assert_array_equal(found.points()[1], [(math.nan, math.nan), (40, 50)])
    assert found.table()["width"].tolist() == [96, 96]
    wanted = {face.file for face in found.faces[1:]}
    ((name, content),) = formats.members(path, wanted.__contains__)
    (tmp_path / "one.pgm").write_bytes(content)
    pixels = np.asarray(Image.open(tmp_path / "one.pgm"))
    assert name == "training.csv/00002.pgm" and pixels.shape == (96, 96)
    np.testing.assert_array_equal(pixels.ravel(), (np.arange(96 * 96) + 1) % 256)


@pytest.mark.parametrize("pixels", ["", "1 2 3", "256 " * 9, "x " * 9, "-1 " * 9])
def test_pixels_that_are_no_picture(tmp_path, pixels):
    content = kaggle([(1, 2, 3, 4)])["training.csv"].decode().splitlines()[0] + f"\n1,2,3,4,{pixels}\n"
    path = as_zip(tmp_path / "training.zip", {"training.csv": content.encode()})
    with pytest.raises(UserError, match=r"row 1 .*its picture is broken"):
        formats.read(path)
