"""Pages: whole, without anything beside them, and with no text that means something."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from keypoints.tracking import html_page


@given(st.text())
def test_texts_are_texts(text):
    made = html_page.page(text, [html_page.table([text], [[text, (text, "better")]])])
    assert made.count("<td") == 2 and made.count("<th>") == 1
    assert made.count("<") == html_page.page("", [html_page.table([""], [["", ("", "better")]])]).count("<")


def test_pictures_are_in_the_page(tmp_path):
    (tmp_path / "a.png").write_bytes(b"picture")
    row = html_page.side_by_side([(tmp_path / "a.png", "one"), (b"picture", "two")])
    assert row.count("data:image/png;base64,cGljdHVyZQ==") == 2
    assert row.count("<figcaption>") == 2
