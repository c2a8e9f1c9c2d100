"""Boxes drawn by hand, in a real browser."""

from __future__ import annotations

import pytest
from selenium.webdriver import ActionChains, Keys


def corner(page, x: float, y: float) -> tuple[float, float]:
    """A place of the picture, as a share of its sides, in the window."""
    there = page.place("#picture")
    return there["x"] + x * there["width"], there["y"] + y * there["height"]


def boxes(page) -> list[dict[str, float]]:
    return [{key: float(box.get_attribute(key)) for key in ("x", "y", "width")} for box in page.all(".box")]


def test_a_drawn_box_gives_a_face_and_can_be_removed(page):
    page.upload_face()
    page.one("#draw").click()
    page.drag(corner(page, 0.75, 0.1), corner(page, 0.95, 0.35))
    page.until(lambda: len(page.all(".point")) == 2 * 68)
    assert boxes(page)[1] == pytest.approx({"x": 239.5, "y": 23.5, "width": 64}, abs=2)
    assert "2 faces" in page.one("#status").text and not page.all(".drawn")
    page.choose("nose")  # the box stays for another model
    page.until(lambda: len(page.all(".point")) == 2)
    page.one("#unbox").click()
    page.until(lambda: len(page.all(".point")) == 1)
    assert not page.one("#unbox").is_displayed()


def test_a_box_around_a_face_that_is_known_does_not_make_it_two(page):
    page.upload_face()
    start = corner(page, 100 / 320, 70 / 240)
    ActionChains(page.browser).key_down(Keys.SHIFT).perform()
    page.drag(start, corner(page, 220 / 320, 190 / 240))
    ActionChains(page.browser).key_up(Keys.SHIFT).perform()
    page.until(lambda: page.one("#unbox").is_displayed() and "1 face," in page.one("#status").text)
    assert len(page.all(".point")) == 68


def test_a_box_by_the_keys_alone(page):
    page.upload_face()
    marks = page.one("#marks")
    marks.send_keys("b", *[Keys.ARROW_LEFT] * 20, *[Keys.ARROW_UP] * 8)
    assert page.all(".drawn")
    marks.send_keys(Keys.SHIFT + Keys.ARROW_DOWN, Keys.NULL, Keys.ENTER)
    page.until(lambda: len(page.all(".point")) == 2 * 68)
    marks.send_keys("b", Keys.ESCAPE)
    assert not page.all(".drawn")


def test_a_click_is_no_box(page):
    page.upload_face()
    page.one("#draw").click()
    page.one("#marks").click()
    page.drag(corner(page, 0.5, 0.5), corner(page, 0.502, 0.502))
    assert len(page.all(".point")) == 68 and not page.one("#unbox").is_displayed()
