"""Whatever is written is read back by this project's own parsers: any points, boxes, names and EXIF turn."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keypoints.datasets import formats
from keypoints.datasets.formats import Annotated
from keypoints.predict import box_lists, writers
from tests.predict.writers import faces
from tests.predict.writers.faces import Photo

PARSERS = {
    "json": "json_lines",
    "csv": "csv_tables",
    "pts": "pts",
    "coco": "coco",
    "dlib": "dlib_xml",
    "labelme": "labelme",
}
NEAR = {"dlib": 0.505}  # which has whole pixels; all others a hundredth

LETTERS = "abxyz09äß日 '#%;.,_-"
ENTITIES = '"<>&'  # not in what dlib can read
JOINERS = "\u200c\u200d"  # within words of Persian and Hindi, and between emoji

numbers = st.floats(-1e5, 1e5, width=32)
sides = st.floats(1, 1e4, width=32)


def unlike(names: list[str]) -> bool:
    return len({unicodedata.normalize("NFC", name).casefold() for name in names}) == len(names)


def words(letters: str) -> st.SearchStrategy[str]:
    return st.text(letters, min_size=1, max_size=8).map(str.strip).filter(bool)


@st.composite
def albums(draw: st.DrawFn, letters: str) -> tuple[list[Photo], list[str]]:
    """Photographs in some folders, with the same name in several, and the points' names."""
    named = words(LETTERS + ENTITIES + JOINERS).map(lambda name: f"n{name}n")
    names = draw(st.lists(named, min_size=3, max_size=3, unique=True))
    visible = words(letters).filter(lambda name: name[0] != ".")
    stems = draw(st.lists(visible, min_size=1, max_size=3).filter(unlike))
    folders = st.lists(st.sampled_from(["", "a/", "b/", "a/b/"]), min_size=1, unique=True)
    files = [f"{folder}{stem}.png" for stem in stems for folder in draw(folders)]
    points = st.lists(st.tuples(numbers, numbers), min_size=3, max_size=3)
    some = st.builds(faces.face, points, st.tuples(numbers, numbers, sides, sides), st.just(names))
    counts = st.lists(some, min_size=0, max_size=3)
    kinds = st.sampled_from(["PNG", "TIFF"])
    photos = [Photo(file, draw(counts), draw(st.integers(1, 8)), kind=draw(kinds)) for file in files]
    photos[0].faces.append(draw(some))
    return photos, names


def read(kind: str, photos: list[Photo], names: list[str]) -> Annotated:
    with TemporaryDirectory() as folder:
        faces.write(kind, Path(folder), Path(folder), photos, faces.scheme(names))
        return formats.read(Path(folder), kind=PARSERS[kind])


@pytest.mark.parametrize("kind", PARSERS)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_points_and_boxes_come_back(kind: str, data: st.DataObject) -> None:
    photos, names = data.draw(albums(LETTERS if kind == "dlib" else LETTERS + ENTITIES))
    found = read(kind, photos, names)
    assert kind == "pts" or found.names == tuple(names)
    assert kind != "coco" or found.skeleton == ((0, 1), (1, 2))
    for photo in photos:
        back = [face for face in found.faces if face.file == photo.file]
        assert bool(back) == bool(photo.faces) and len(back) <= len(photo.faces)  # two may be the same
        if not back:
            continue
        seen = np.array([[*face.points, *face.box] for face in back])
        given = np.array([[*photo.points(face).ravel(), *photo.box(face)] for face in photo.faces])
        given = given[:, : seen.shape[1]]  # .pts have no box
        apart = np.abs(seen[:, None] - given).max(axis=-1)  # of each from each: parsers sort them
        assert (apart.min(axis=0) < NEAR.get(kind, 0.01)).all()
        assert (apart.min(axis=1) < NEAR.get(kind, 0.01)).all()


def test_lines_of_json_are_a_list_of_boxes(tmp_path: Path) -> None:
    photos = [Photo("a.png", [faces.face()]), Photo('b "\n.png', [faces.face(box=(1.5, 2.25, 3, 4))])]
    faces.write("json", tmp_path, tmp_path, photos)
    found = box_lists.read(tmp_path / "faces.jsonl")
    assert found.find(str(tmp_path / 'b "\n.png')) == [(1.5, 2.25, 3, 4)] and not found.stored


def test_every_format_is_tried() -> None:
    assert set(PARSERS) == set(writers.FORMATS)
