"""Lists of boxes that somebody brings: which box is a photograph's, and what is refused."""

from __future__ import annotations

import pytest

from keypoints.errors import UserError
from keypoints.predict import box_lists


@pytest.mark.parametrize(
    "content, where",
    [
        ('{"file": "a.jpg"}', "line 1 is no"),
        ("\n[1, 2]", "line 2 is no"),
        ('{"file": "a.jpg", "box": [1, 2, 3]}', "line 1: a box is left, top, width, height"),
        ('{"file": "a.jpg", "box": [1, 2, 0, 3]}', "line 1: a box needs"),
        ('{"file": "a.jpg", "box": [1, 2, NaN, 3]}', "line 1: a box needs"),
        ("", "lists no box"),
        ("<dataset/>", "lists no face"),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><dataset/>", "no plain XML"),
    ],
)
def test_a_wrong_list_is_one_line(tmp_path, content, where):
    path = tmp_path / "boxes"
    path.write_text(content)
    with pytest.raises(UserError, match=where) as error:
        box_lists.read(path)
    assert str(path) in str(error.value) and "\n" not in str(error.value)


def test_the_longest_name_that_fits_counts():
    boxes = {"a.jpg": [(0, 0, 1, 1)], "x/a.jpg": [(0, 0, 2, 2)]}
    assert box_lists.find("/photos/x/a.jpg", boxes) == [(0, 0, 2, 2)]
    assert box_lists.find("y/a.jpg", boxes) == [(0, 0, 1, 1)]
    with pytest.raises(ValueError):
        box_lists.find("b.jpg", boxes)


@pytest.mark.parametrize("text", ["1,2,3", "1,2,3,x", "1,2,0,3", "1,2,inf,3"])
def test_a_wrong_box_names_where_it_stands(text):
    assert box_lists.parse_box(["1", "2", "3.5", "4"], "--box") == (1, 2, 3.5, 4)
    with pytest.raises(UserError, match="--box: a box"):
        box_lists.parse_box(text.split(","), "--box")
