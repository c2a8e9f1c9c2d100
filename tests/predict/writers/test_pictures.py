"""Annotated pictures do not overwrite each other."""

from __future__ import annotations

from keypoints.predict import writers


def test_pictures_of_one_name_do_not_overwrite_each_other(tmp_path):
    writer = writers.Pictures(tmp_path, None, None)
    assert [writer._free(name) for name in ("x/a.jpg", "y/a.png", "-")] == [
        "a_points",
        "a_points_2",
        "standard input_points",
    ]
