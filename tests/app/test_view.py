"""Zoom, pan and the points' names, in a real browser."""

from __future__ import annotations

import pytest
from selenium.webdriver import ActionChains, Keys

from tests.app.conftest import SIZE

NOSE = ".point[data-name=nose_3]"


def wheel(page, selector: str, up: int) -> None:
    """Turn the wheel over an element's middle."""
    page.run(
        """const [x, y, deltaY] = arguments;
        const how = {clientX: x, clientY: y, deltaY, bubbles: true, cancelable: true};
        document.getElementById("marks").dispatchEvent(new WheelEvent("wheel", how))""",
        *page.middle(selector),
        -up,
    )


def seen(page) -> tuple[float, ...]:
    """Left, top and width of the picture, screen pixels."""
    there = page.place("#picture")
    return there["x"], there["y"], there["width"]


def test_zoom_keeps_the_place_under_the_pointer_and_zooming_back_undoes_it(page):
    page.upload_face()
    whole = seen(page)
    for _ in range(3):
        before, nose = seen(page), page.middle(NOSE)
        wheel(page, NOSE, 300)
        assert page.middle(NOSE) == pytest.approx(nose, abs=1) and seen(page)[2] > 1.5 * before[2]
    zoomed = seen(page)
    wheel(page, ".point[data-name=eyes_0]", 200)
    wheel(page, ".point[data-name=eyes_0]", -200)
    assert seen(page) == pytest.approx(zoomed, abs=1)
    for _ in range(4):  # once more than in: there is no smaller than whole
        wheel(page, NOSE, -300)
    assert seen(page) == pytest.approx(whole, abs=0.1)


def test_points_and_lines_grow_with_the_face(page):
    page.upload_face()
    widths = (
        "const s = getComputedStyle(document.querySelector(arguments[0])); return parseFloat(s.strokeWidth)"
    )
    dot, line = page.run(widths, ".point"), page.run(widths, ".line")
    page.one("#marks").send_keys("++")
    assert page.run(widths, ".point") > 1.5 * dot and page.run(widths, ".line") > 1.5 * line


def test_a_drag_moves_the_picture_and_a_double_click_shows_all_of_it(page):
    page.upload_face()
    whole = seen(page)
    page.drag(page.middle(NOSE), (page.middle(NOSE)[0] + 40, page.middle(NOSE)[1]))
    assert seen(page) == whole  # there is nowhere to go
    page.one("#in").click()
    page.one("#in").click()
    start = page.middle(NOSE)
    page.drag(start, (start[0] + 40, start[1] - 30))
    assert page.middle(NOSE) == pytest.approx((start[0] + 40, start[1] - 30), abs=1)
    ActionChains(page.browser).double_click(page.one("#marks")).perform()
    assert seen(page) == pytest.approx(whole, abs=0.1) and not page.one("#reset").is_enabled()


def test_two_fingers_zoom(page):
    page.upload_face()
    before, (x, y) = seen(page), page.middle(NOSE)

    def touch(kind: str, *apart: float) -> None:
        points = (
            [{"x": x + side * apart[0], "y": y, "id": i} for i, side in enumerate((-1, 1))] if apart else []
        )
        page.browser.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", 40)
    for apart in (41, 50, 60, 80):
        touch("touchMove", apart)
    touch("touchEnd")
    assert seen(page)[2] == pytest.approx(2 * before[2], rel=0.05)
    assert page.middle(NOSE) == pytest.approx((x, y), abs=3)


def test_keys(page):
    page.upload_face()
    marks, whole = page.one("#marks"), seen(page)
    marks.send_keys("+", "+", "+")
    x, y = page.middle(NOSE)
    marks.send_keys(Keys.SHIFT + Keys.ARROW_RIGHT)
    assert page.middle(NOSE) == pytest.approx((x - 60, y), abs=1)
    marks.send_keys("-")
    assert whole[2] < seen(page)[2]
    marks.send_keys("0")
    assert seen(page) == pytest.approx(whole, abs=0.1)


def test_a_point_that_is_named_is_seen(page):
    page.upload_face()
    page.one("#marks").send_keys(*"++++++++", Keys.ARROW_RIGHT)
    stage = page.place("#layer")
    x, y = page.middle(".point.at")
    assert page.one("#tip").text == "jaw_0"
    assert stage["x"] < x < stage["x"] + stage["width"] and stage["y"] < y < stage["y"] + stage["height"]


def test_the_pointer_finds_points_where_they_are_after_a_zoom(page):
    page.upload_face()
    page.one("#marks").send_keys("++")
    ActionChains(page.browser).move_to_element(page.one(NOSE)).perform()
    page.until(lambda: page.one("#tip").text == "nose_3")
    tip = page.place("#tip")
    assert tip["x"] + tip["width"] / 2 == pytest.approx(page.middle(NOSE)[0], abs=1)
    assert seen(page)[2] > SIZE[0]
