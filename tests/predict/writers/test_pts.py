"""`.pts`: the name alone says which photograph's it is, so no name may say two things."""

from __future__ import annotations

from pathlib import Path

import pytest

from keypoints.datasets import formats
from keypoints.predict import writers
from tests.predict.writers import faces
from tests.predict.writers.faces import Photo


def written(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.pts"))


def test_its_text_counts_from_one(tmp_path):
    faces.write("pts", tmp_path, tmp_path, [Photo("a.png", [faces.face()])])
    assert (tmp_path / "a.pts").read_bytes() == (
        b"version: 1\nn_points: 3\n{\n2.0 3.0\n4.25 5.5\n6.0 7.0\n}\n"
    )


def test_further_faces_pass_over_the_names_of_photographs(tmp_path):
    """Those in other folders too: parsers look for the name alone."""
    photos = [
        Photo("x/a.png", [faces.face([(k, 0), (1, 0), (2, 0)]) for k in range(3)]),
        Photo("x/a_2.png", [faces.face()]),
        Photo("y/a_4.png", [faces.face()]),
        Photo("y/a.png", [faces.face()]),
    ]
    faces.write("pts", tmp_path, tmp_path, photos)
    assert written(tmp_path) == ["x/a.pts", "x/a_2.pts", "x/a_3.pts", "x/a_5.pts", "y/a.pts", "y/a_4.pts"]
    found = [face.file for face in formats.read(tmp_path).faces]
    assert sorted(found) == sorted(photo.file for photo in photos for _ in photo.faces)


def test_photographs_that_differ_by_their_ending_are_said(tmp_path):
    with pytest.raises(writers.Unwritable, match=r"a\.png: another photograph has this name but for"):
        faces.write("pts", tmp_path, tmp_path, [Photo("a.png", [faces.face()]), Photo("a.jpg", [])])
    assert not written(tmp_path)
