"""What all formats have in common."""

from __future__ import annotations

import pytest

from keypoints.errors import UserError
from keypoints.predict import writers
from keypoints.predict.writers.album import Album
from tests.predict.writers import faces
from tests.predict.writers.faces import Photo


@pytest.mark.parametrize("kind", writers.FORMATS)
def test_what_is_there_is_never_replaced(tmp_path, kind):
    photos = [Photo("a.png", [faces.face()])]
    faces.write(kind, tmp_path / "out", tmp_path, photos)
    (path,) = (tmp_path / "out").iterdir()
    path.write_text("corrected")
    with pytest.raises(UserError, match=f"{path.name} is there, and corrections may be in it"):
        faces.write(kind, tmp_path / "out", tmp_path, photos)
    assert [each.read_text() for each in (tmp_path / "out").iterdir()] == ["corrected"]


@pytest.mark.parametrize("kind", writers.FORMATS)
def test_the_same_faces_are_the_same_bytes(tmp_path, kind):
    photos = [Photo("a.png", [faces.face()]), Photo("b/c.png", [faces.face()] * 2, turn=8)]
    read = []
    for name in ("one", "two"):
        faces.write(kind, tmp_path / name, tmp_path / "photos" / name, photos)
        data = {p.relative_to(tmp_path / name): p.read_bytes() for p in (tmp_path / name).rglob("*.*")}
        read.append({str(key): value.replace(name.encode(), b"") for key, value in data.items()})
    assert read[0] == read[1] and read[0]


def test_a_photograph_that_has_just_gone_is_one_line(tmp_path):
    """Formats that count in stored pixels look into the file once more."""
    album = Album(tmp_path, [])
    with (
        writers.open_annotations("dlib", tmp_path, faces.scheme(), album) as writer,
        pytest.raises(writers.Unwritable, match=r"a\.png: No such file or directory: left out"),
    ):
        writer.photograph(str(tmp_path / "a.png"), (40, 30), [faces.face()])
