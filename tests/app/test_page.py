"""The page in a real browser: a picture in, points that can be read, files out, errors in words."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from PIL import Image
from selenium import webdriver
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from keypoints.app import server
from keypoints.app.__main__ import listen
from keypoints.errors import UserError
from keypoints.landmarks import IBUG, NOSE
from keypoints.predict.predictor import Face
from keypoints.synthetic.drawing import Scene, draw
from keypoints.synthetic.head import Expression, Person, Pose

BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    not (BROWSER and DRIVER),
    reason="no chromium and chromedriver on the PATH (Debian: chromium, chromium-driver)",
)
FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --window-size=1200,800 "
    "--use-fake-device-for-media-stream --use-fake-ui-for-media-stream"
)
SIZE = (320, 240)
DRAWN = draw(Person(), Expression(), Pose(160, 130, 70), Scene(noise=0), SIZE)
BOX = (100.0, 70.0, 120.0, 120.0)


class Fake:
    """Knows the one face; on any other picture, as the camera's, it is in the same place."""

    def __init__(self, scheme) -> None:
        self.scheme = scheme

    def __call__(self, image: Image.Image) -> list[Face]:
        points = DRAWN.ibug if self.scheme is IBUG else DRAWN.ibug[30:31]
        return [Face(BOX, 1.0, points, self.scheme.names())]


def missing() -> Fake:
    raise UserError("the weights face.onnx are missing")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with listen(0) as sock:
        app = server.create({"landmarks": lambda: Fake(IBUG), "nose": lambda: Fake(NOSE), "face": missing})
        running = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        thread = threading.Thread(target=running.run, kwargs={"sockets": [sock]})
        thread.start()
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"
        running.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def browser(tmp_path_factory) -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for flag in FLAGS.split():
        options.add_argument(flag)
    options.add_argument(f"--user-data-dir={tmp_path_factory.mktemp('profile')}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    made = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    yield made
    made.quit()


@pytest.fixture
def page(browser, address, tmp_path) -> Iterator[Page]:
    browser.execute_cdp_cmd("Page.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    browser.get(address)
    yield Page(browser, tmp_path)
    said = [entry["message"] for entry in browser.get_log("browser") if "api/faces" not in entry["message"]]
    assert not said  # neither errors nor what the Content-Security-Policy forbids


class Page:
    """What a person does with the page."""

    def __init__(self, browser: webdriver.Chrome, folder: Path) -> None:
        self.browser, self.folder = browser, folder
        self.until(lambda: self.all("#overlays input"))

    def all(self, selector: str) -> list:
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector: str):
        (found,) = self.all(selector)
        return found

    def until(self, condition):
        return WebDriverWait(self.browser, 20, 0.05).until(lambda _: condition())

    def upload(self, content: bytes, name: str) -> None:
        (self.folder / name).write_bytes(content)
        self.one("#file").send_keys(str(self.folder / name))

    def upload_face(self) -> None:
        DRAWN.image.save(self.folder / "face.png")
        self.one("#file").send_keys(str(self.folder / "face.png"))
        self.until(lambda: len(self.all(".point")) == 68)

    def choose(self, value: str) -> None:
        self.one(f"input[value='{value}'] + span").click()

    def place(self, selector: str) -> dict[str, float]:
        return self.browser.execute_script(
            "const b = document.querySelector(arguments[0]).getBoundingClientRect();"
            "return {x: b.left, y: b.top, width: b.width, height: b.height}",
            selector,
        )

    def saved(self, name: str) -> Path:
        path = self.folder / name
        self.until(lambda: path.exists() and path.stat().st_size)
        return path


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
    page.upload(b"dear diary", "diary.txt")
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
    page.browser.execute_script("options.max_bytes = 1 << 20")
    page.upload(bytes(2 << 20), "large.png")
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


def test_camera(page):
    page.one("#camera").click()
    page.until(lambda: len(page.all(".point")) == 68 and page.one("#video").is_displayed())
    page.browser.execute_script("document.querySelector('.point').id = 'former'")
    page.until(lambda: not page.all("#former"))  # the next frame's points
    assert not page.one("#json").is_enabled()
    page.one("#camera").click()  # takes a picture
    page.until(lambda: page.one("#picture").is_displayed() and page.one("#json").is_enabled())
    assert not page.one("#video").is_displayed() and len(page.all(".point")) == 68


def test_a_frame_that_comes_late_does_not_stop_the_picture(page):
    page.one("#camera").click()
    page.until(lambda: len(page.all(".point")) == 68 and page.one("#video").is_displayed())
    page.browser.execute_script("""
      const { toBlob } = HTMLCanvasElement.prototype, { fetch } = window;
      let late = null;
      HTMLCanvasElement.prototype.toBlob = function (done, ...how) {
        if (late) return toBlob.call(this, done, ...how);
        late = () => toBlob.call(this, done, ...how); // the frame, when the picture has been sent
        $("camera").click();
      };
      window.fetch = (...request) => { const answer = fetch(...request); late?.(); return answer; };
    """)
    page.until(lambda: page.one("#picture").is_displayed() and page.one("#json").is_enabled())


def test_a_phone_needs_no_sideways_scrolling(page):
    page.browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True},
    )
    try:
        page.upload_face()
        width = page.browser.execute_script("return document.documentElement.scrollWidth")
        assert width == 360 and page.place("#picture")["width"] > 280
    finally:
        page.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
