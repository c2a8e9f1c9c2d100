"""Annotated pictures do not overwrite each other."""

from __future__ import annotations

from PIL import Image

from keypoints.predict import writers
from tests.predict.writers import faces


def test_pictures_of_one_name_do_not_overwrite_each_other(tmp_path):
    (tmp_path / "a_points.png").write_text("of a run before, which is replaced")
    writer = writers.Pictures(tmp_path, faces.scheme(), None)
    for k, name in enumerate(("x/a.jpg", "y/a.png", "-")):
        writer.write(name, Image.new("RGB", (20 + k, 20)), [faces.face()])
    assert {path.name: Image.open(path).width for path in tmp_path.iterdir()} == {
        "a_points.png": 20,
        "a_points_2.png": 21,
        "standard input_points.png": 22,
    }
