"""The page in a real browser: a picture in, points that can be read, files out, errors in words."""

from __future__ import annotations

import json

import pytest
from PIL import Image
from selenium.webdriver import ActionChains, Keys

from keypoints.landmarks import IBUG
from tests.app.conftest import DRAWN, SIZE


def test_points_lie_where_the_picture_shows_them(page):
    page.upload_face()
    assert "1 face, 68 points" in page.one("#status").text and not page.one("#error").is_displayed()
    assert len(page.all(".box")) == 1 and len(page.all(".line")) == len(IBUG.outlines)
    picture = page.place("#picture")
    scale = picture["width"] / SIZE[0]
    assert picture["height"] == pytest.approx(scale * SIZE[1], abs=1)
    for k in (8, 30):
        mark = page.place(f".point[data-name={IBUG.names()[k]}]")
        x, y = mark["x"] + mark["width"] / 2 - picture["x"], mark["y"] + mark["height"] / 2 - picture["y"]
        assert (x, y) == pytest.approx(tuple((DRAWN.ibug[k] + 0.5) * scale), abs=1.5)


def test_points_tell_their_names(page):
    page.upload_face()
    ActionChains(page.browser).move_to_element(page.one(".point[data-name=jaw_8]")).perform()
    page.until(lambda: page.one("#tip").text == "jaw_8")
    page.one("#marks").send_keys(Keys.ARROW_RIGHT)
    assert page.one("#tip").text == "jaw_9"


def test_switches(page):
    page.upload_face()
    page.choose("glasses")
    page.until(lambda: page.all("#marks image"))
    page.choose("boxes")
    page.choose("lines")
    assert not page.all(".box, .line") and len(page.all(".point")) == 68
    page.choose("nose")
    page.until(lambda: len(page.all(".point")) == 1)
    assert not page.all("#marks image") and not page.one("#error").is_displayed()
    assert page.one("#overlays").get_attribute("disabled")


def test_what_is_saved(page):
    page.upload_face()
    page.choose("mask")
    page.until(lambda: page.all("#marks image"))
    page.one("#json").click()
    said = json.loads(page.saved("face.json").read_text())
    assert (said["width"], said["height"]) == SIZE and len(said["faces"][0]["points"]) == 68
    page.one("#png").click()
    picture = Image.open(page.saved("face_points.png")).convert("RGB")
    assert picture.size == SIZE
    x, y = DRAWN.ibug[[8, 57]].mean(0).round().astype(int).tolist()
    red, _, blue = picture.getpixel((x, y))  # the chin, under a blue mask
    assert blue > red + 20 and DRAWN.image.getpixel((x, y))[2] < DRAWN.image.getpixel((x, y))[0]


def test_errors_are_words(page):
    page.upload_face()
    page.upload((b"dear diary", "diary.txt"))
    page.until(lambda: "cannot be read: not a whole picture" in page.one("#error").text)
    assert page.one("#empty").is_displayed() and not page.one("#json").is_enabled()
    page.upload_face()
    assert not page.one("#error").is_displayed()


def test_a_model_that_fails_leaves_the_picture(page):
    page.upload_face()
    page.choose("face")
    page.until(lambda: page.one("#error").text == "the weights face.onnx are missing")
    assert len(page.all(".point")) == 68 and page.one("#json").is_enabled()
    page.choose("landmarks")
    page.until(lambda: not page.one("#error").is_displayed())


def test_too_large_a_file_is_not_even_sent(page):
    page.browser.execute_async_script(
        "import('/api.js').then(({ options }) => arguments[0](options.max_bytes = 1 << 20))"
    )
    page.upload((bytes(2 << 20), "large.png"))
    page.until(lambda: page.one("#error").text == "This file is larger than 1 MB")


@pytest.mark.parametrize("event, field", [("drop", "dataTransfer"), ("paste", "clipboardData")])
def test_dropped_and_pasted(page, event, field):
    page.browser.execute_async_script(
        """const [event, field, done] = arguments;
        const canvas = Object.assign(document.createElement("canvas"), {width: 320, height: 240});
        canvas.toBlob((blob) => {
          const data = new DataTransfer();
          data.items.add(new File([blob], "x.png", {type: "image/png"}));
          const made = new Event(event, {bubbles: true, cancelable: true});
          made[field] = data;
          document.body.dispatchEvent(made);
          done();
        });""",
        event,
        field,
    )
    page.until(lambda: len(page.all(".point")) == 68)


def test_a_phone_needs_no_sideways_scrolling(page, film):
    page.browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True},
    )
    try:
        page.upload_face()
        width = page.browser.execute_script("return document.documentElement.scrollWidth")
        assert width == 360 and page.place("#picture")["width"] > 280
        face = (page.folder / "face.png").read_bytes()
        page.upload((film, "film.webm"), *[(face, f"{k}.png") for k in range(6)])
        page.until(lambda: page.one("#film").is_displayed() and page.one("#strip").is_displayed())
        width = page.browser.execute_script("return document.documentElement.scrollWidth")
        assert width == 360 and page.place("#time")["width"] > 280
    finally:
        page.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
