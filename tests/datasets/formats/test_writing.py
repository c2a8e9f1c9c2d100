"""What is written reads back as it was, in every format that has a writer."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from keypoints.datasets import face_table, formats
from keypoints.datasets.face_table import Face
from keypoints.datasets.formats import Annotated
from keypoints.errors import UserError

WRITERS = {"coco": "faces.json", "dlib_xml": "faces.xml", "labelme": "", "pts": ""}
SIZES = {"a.jpg": (64, 48), "b/c.png": (30, 40), "b/ü & <d>.jpg": (48, 64)}
GAP = (math.nan, math.nan)
numbers = itertools.count()


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> Path:
    """A folder of pictures; the last one is turned by EXIF."""
    folder = tmp_path_factory.mktemp("pictures")
    (folder / "b").mkdir()
    exif = Image.Exif()
    exif[0x0112] = 6
    for name, size in SIZES.items():
        Image.new("RGB", size).save(folder / name, exif=exif if "ü" in name else Image.Exif())
    return folder


def face(file: str, points, box) -> Face:
    return Face(file, box, tuple(v for point in points for v in point), file, file.rpartition("/")[0])


def faces_of(kind: str) -> st.SearchStrategy[list[Face]]:
    """Faces that the format can express: dlib whole pixels, .pts every point and no box."""
    number = st.integers(-50, 400).map(float)
    if kind != "dlib_xml":
        number = st.one_of(number, st.floats(-50, 400).map(lambda v: round(v, 3) + 0.0))
    point = st.tuples(number, number)
    points = st.lists(point if kind == "pts" else st.one_of(point, st.just(GAP)), min_size=3, max_size=3)
    points = points.filter(lambda each: each[0] != GAP or each[1] != GAP)
    side = st.integers(1, 300).map(float)
    box = st.just(()) if kind == "pts" else st.tuples(number, number, side, side)
    return st.lists(st.builds(face, st.sampled_from(list(SIZES)), points, box), min_size=1, max_size=5)


def annotated(folder: Path, faces: list[Face], skeleton=((0, 1), (1, 2))) -> Annotated:
    turned = {name: 6 for name in SIZES if "ü" in name}
    return Annotated(folder, "coco", ("left_eye", "nose", "zahn"), skeleton, faces, (), SIZES, turned)


@pytest.mark.parametrize("kind", WRITERS)
def test_what_is_written_reads_back(pictures, kind):
    @settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
    @given(faces_of(kind))
    def check(faces: list[Face]) -> None:
        faces.append(face("a.jpg", [(1, 2), (3, 4), (5, 6)], faces[0].box))  # else a point may be on no face
        out = pictures / f"out_{next(numbers)}"
        formats.get(kind).write(annotated(pictures, faces), out / WRITERS[kind])
        read = formats.read(pictures)
        for file in sorted(out.rglob("*"), reverse=True):
            file.rmdir() if file.is_dir() else file.unlink()
        out.rmdir()
        assert list(map(face_table.rank, read.faces)) == sorted(map(face_table.rank, faces))
        assert kind == "pts" or read.names == ("left_eye", "nose", "zahn")
        if kind == "coco":
            assert read.skeleton == ((0, 1), (1, 2))

    check()


@pytest.mark.parametrize("kind", WRITERS)
def test_the_same_faces_are_the_same_bytes(pictures, tmp_path, kind):
    faces = [face(file, [(1, 2), (3, 4), (5, 6)], (1.0, 2.0, 3.0, 4.0)) for file in SIZES]
    written = []
    for name in ("one", "two"):
        out = tmp_path / name
        formats.get(kind).write(annotated(pictures, faces), out / WRITERS[kind])
        written.append({p.relative_to(out): p.read_bytes() for p in out.rglob("*") if p.is_file()})
    assert written[0] == written[1] and written[0]


def test_the_order_of_the_faces_is_the_order_of_the_pictures(pictures, tmp_path):
    faces = [face(file, [(1, 2), (3, 4), (5, 6)], (1.0, 2.0, 3.0, 4.0)) for file in ("b/c.png", "a.jpg")]
    formats.get("coco").write(annotated(pictures, faces), tmp_path / "c.json")
    formats.get("dlib_xml").write(annotated(pictures, faces), tmp_path / "d.xml")
    document = json.loads((tmp_path / "c.json").read_text())
    assert [each["file_name"] for each in document["images"]] == ["b/c.png", "a.jpg"]
    listed = ElementTree.parse(tmp_path / "d.xml").iterfind("images/image")
    assert [Path(each.get("file")).name for each in listed] == ["c.png", "a.jpg"]


def test_dlib_gets_whole_pixels_and_paths_from_its_own_folder(pictures, tmp_path):
    faces = [face("a.jpg", [(1.4, 2.6), GAP, (5, 6)], (1.2, 2.7, 3.3, 4.4))]
    formats.get("dlib_xml").write(annotated(pictures, faces), tmp_path / "d.xml")
    (image,) = ElementTree.parse(tmp_path / "d.xml").iterfind("images/image")
    assert (tmp_path / image.get("file")).resolve() == (pictures / "a.jpg").resolve()
    (box,) = image
    assert box.attrib == {"top": "3", "left": "1", "width": "3", "height": "4"}
    assert [part.attrib for part in box] == [
        {"name": "left_eye", "x": "1", "y": "3"},
        {"name": "zahn", "x": "5", "y": "6"},
    ]


def test_labelme_names_the_picture_from_its_own_folder(pictures, tmp_path):
    faces = [face("b/c.png", [(1, 2), (3, 4), (5, 6)], (1.0, 2.0, 3.0, 4.0))]
    formats.get("labelme").write(annotated(pictures, faces), tmp_path)
    document = json.loads((tmp_path / "b/c.json").read_text())
    assert (tmp_path / "b" / document["imagePath"]).resolve() == (pictures / "b/c.png").resolve()
    assert (document["imageWidth"], document["imageHeight"]) == SIZES["b/c.png"]
    assert document["shapes"][1]["points"] == [[1.5, 2.5]]


def test_a_pts_cannot_leave_a_point_out(pictures, tmp_path):
    with pytest.raises(UserError, match=r"a\.jpg: a \.pts cannot leave a point out"):
        formats.get("pts").write(annotated(pictures, [face("a.jpg", [GAP, (3, 4), (5, 6)], ())]), tmp_path)
