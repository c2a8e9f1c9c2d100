"""The camera in a real browser, whose pictures are the browser's own test card."""

from __future__ import annotations

import pytest

from tests.app.conftest import DRAWN


def test_camera(page, asked):
    page.one("#camera").click()
    page.until(lambda: len(page.all(".point")) == 68 and page.one("#video").is_displayed())
    page.run("document.querySelector('.point').id = 'former'")
    page.until(lambda: not page.all("#former"))  # the next frame's points
    assert not page.one("#json").is_enabled() and "per second" in page.one("#status").text
    assert ("faces", False) in asked  # one look at each face
    page.one("#camera").click()  # takes a picture
    page.until(lambda: page.one("#picture").is_displayed() and page.one("#json").is_enabled())
    assert not page.one("#video").is_displayed() and len(page.all(".point")) == 68


def test_a_frame_that_comes_late_does_not_stop_the_picture(page):
    page.one("#camera").click()
    page.until(lambda: len(page.all(".point")) == 68 and page.one("#video").is_displayed())
    page.run("""
      const { toBlob } = HTMLCanvasElement.prototype, { fetch } = window;
      let late = null;
      HTMLCanvasElement.prototype.toBlob = function (done, ...how) {
        if (late) return toBlob.call(this, done, ...how);
        late = () => toBlob.call(this, done, ...how); // the frame, when the picture has been sent
        document.getElementById("camera").click();
      };
      window.fetch = (...request) => { const answer = fetch(...request); late?.(); return answer; };
    """)
    page.until(lambda: page.one("#picture").is_displayed() and page.one("#json").is_enabled())


def test_a_camera_that_comes_late_does_not_cover_what_was_opened_meanwhile(page):
    page.run("""
      const media = navigator.mediaDevices, answer = media.getUserMedia.bind(media);
      media.getUserMedia = async (...how) => {
        await new Promise((done) => (window.allow = done)); // the person's answer
        return (window.stream = await answer(...how));
      };
    """)
    page.one("#camera").click()
    page.upload_face()
    page.run("window.allow()")
    page.until(lambda: page.run("return window.stream && !window.stream.active"))
    assert page.one("#picture").is_displayed() and not page.one("#video").is_displayed()
    assert page.one("#camera").text == "Camera" and page.one("#json").is_enabled()


def test_points_keep_their_place_in_the_mirror(page):
    """Frames are sent small and shown mirrored: a point lies where the answer for the small frame says."""
    page.one("#camera").click()
    page.until(lambda: len(page.all(".point")) == 68)
    width, height = page.run(
        "const { videoWidth: w, videoHeight: h } = document.getElementById('video'); return [w, h]"
    )
    scale = max(width, height) / 480
    video = page.place("#video")
    shown = video["width"] / width
    x, y = page.middle(".point[data-name=nose_3]")
    nose = [(v + 0.5) * scale for v in DRAWN.ibug[30]]
    drawn = page.run("return document.querySelector('.point[data-name=nose_3]').getAttribute('d')")
    drawn = drawn[1:].split("h")[0].split()
    assert [float(v) + 0.5 for v in drawn] == pytest.approx(nose, abs=0.02)
    assert (video["x"] + video["width"] - x, y - video["y"]) == pytest.approx(
        [v * shown for v in nose], abs=2
    )
