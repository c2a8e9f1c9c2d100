"""Lists of boxes that somebody brings: which box is a photograph's, and what is refused."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keypoints.errors import UserError
from keypoints.predict import box_lists

BOX = (1.0, 2.0, 30.0, 40.0)
IMAGE = "<image file='{}'><box left='1' top='2' width='30' height='40'{}/></image>"
XML = f"<dataset><images>{IMAGE}</images></dataset>"


def read(tmp_path, content: str | bytes) -> box_lists.BoxList:
    path = tmp_path / "boxes"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return box_lists.read(path)


@pytest.mark.parametrize(
    "content, where",
    [
        ('{"file": "a.jpg"}', "line 1 is no"),
        ("\n[1, 2]", "line 2 is no"),
        ("[" * 100_000, "line 1 is no"),
        ("", "lists no box"),
        ("<dataset/>", "lists no face"),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><dataset/>", "no plain XML"),
    ],
)
def test_a_wrong_list_is_one_line(tmp_path, content, where):
    with pytest.raises(UserError, match=where) as error:
        read(tmp_path, content)
    assert str(tmp_path / "boxes") in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    "box",
    ["[1, 2, 3]", "[1, 2, 0, 3]", "[1, 2, NaN, 3]", "[1, 2, Infinity, 3]", '"text"', "[1e300, 2, 3, 4]"]
    + [f"[1, 2, 3, 1{'0' * 400}]", "null", "[[1], 2, 3, 4]"],
)
def test_a_box_of_no_use_concerns_its_photograph_alone(tmp_path, box):
    rows = f'{{"file": "a.jpg", "box": {box}}}\n{json.dumps({"file": "b.jpg", "box": BOX})}'
    boxes = read(tmp_path, rows)
    assert boxes.find("b.jpg") == [BOX]
    with pytest.raises(ValueError, match="line 1: a box") as error:
        boxes.find("a.jpg")
    assert len(str(error.value)) < 300


@pytest.mark.parametrize("width", ["inf", "nan", "-3", "", "1e9", "x"])
def test_so_it_is_in_xml(tmp_path, width):
    boxes = read(tmp_path, XML.format("a.jpg", "").replace("'30'", f"'{width}'"))
    with pytest.raises(ValueError, match=r"a\.jpg: a box"):
        boxes.find("a.jpg")


def test_the_longest_name_that_fits_counts():
    boxes = box_lists.BoxList()
    boxes.add("a.jpg", (0, 0, 1, 1))
    boxes.add("x/a.jpg", (0, 0, 2, 2))
    assert boxes.find("/photos/x/a.jpg") == [(0, 0, 2, 2)]
    assert boxes.find("y/a.jpg") == [(0, 0, 1, 1)]
    with pytest.raises(ValueError, match="has none"):
        boxes.find("b.jpg")


@pytest.mark.parametrize(
    "name", ["photos/é.jpg", "./photos/é.jpg", "photos//é.jpg", "../photos/é.jpg", "photos\\é.jpg"]
)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("asked", ["photos/é.jpg", "/home/me/photos/é.jpg", "./photos/x/../é.jpg"])
def test_every_spelling_of_a_path_is_the_same(tmp_path, name, form, asked):
    for content in (
        json.dumps({"file": unicodedata.normalize(form, name), "box": BOX}),
        XML.format(name, ""),
    ):
        assert read(tmp_path, content).find(unicodedata.normalize("NFD", asked)) == [BOX]


def test_a_byte_order_mark_is_no_letter(tmp_path):
    row = json.dumps({"file": "a.jpg", "box": BOX})
    for content in ("\ufeff" + row, "\ufeff" + XML.format("a.jpg", "")):
        assert read(tmp_path, content).find("a.jpg") == [BOX]


def test_utf_8_that_calls_itself_latin_is_read_as_it_is_meant(tmp_path):
    """dlib's own writer does so."""
    head = "<?xml version='1.0' encoding='ISO-8859-1'?>"
    assert read(tmp_path, head + XML.format("é日本.jpg", "")).find("é日本.jpg") == [BOX]
    assert read(tmp_path, (head + XML.format("é.jpg", "")).encode("latin-1")).find("é.jpg") == [BOX]


def test_text_is_no_box_though_it_has_four_digits(tmp_path):
    with pytest.raises(ValueError, match="in numbers"):
        box_lists.parse_box("1234", "here")


def test_what_is_no_list_is_not_to_be_downloaded_again(tmp_path):
    (tmp_path / "boxes.xml").write_text("<html></html>")
    with pytest.raises(UserError, match="name a list of boxes"):
        box_lists.read(tmp_path / "boxes.xml")


def test_an_ignored_box_is_no_face(tmp_path):
    content = XML.format("a.jpg", "/><box left='5' top='5' width='9' height='9' ignore='1'")
    assert read(tmp_path, content).find("a.jpg") == [BOX]


def test_xml_is_in_stored_pixels_and_lines_in_upright_ones(tmp_path):
    assert read(tmp_path, XML.format("a.jpg", "")).stored
    assert not read(tmp_path, json.dumps({"file": "a.jpg", "box": BOX})).stored


@given(st.text(), st.text())
def test_a_name_in_one_spelling_keeps_it(first, second):
    name = box_lists.normalise(f"{first}/{second}")
    assert box_lists.normalise("/".join(name)) == name


@pytest.mark.parametrize("text", ["1,2,3", "1,2,3,x", "1,2,0,3", "1,2,inf,3"])
def test_a_wrong_box_names_where_it_stands(text):
    assert box_lists.parse_box(["1", "2", "3.5", "4"], "--box") == (1, 2, 3.5, 4)
    with pytest.raises(ValueError, match="--box: a box"):
        box_lists.parse_box(text.split(","), "--box")
