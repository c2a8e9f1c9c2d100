"""A browser, the page in it, and what a person does there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import uvicorn
from PIL import Image
from selenium import webdriver
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from keypoints.app import server
from keypoints.app.__main__ import listen
from keypoints.app.models import Models
from keypoints.crops import Region
from keypoints.errors import UserError
from keypoints.landmarks import IBUG, NOSE
from keypoints.predict.faces.face import Face
from keypoints.synthetic.drawing import Scene, draw
from keypoints.synthetic.head import Expression, Person, Pose
from tests.browser import open_browser

SIZE = (320, 240)
DRAWN = draw(Person(), Expression(), Pose(160, 130, 70), Scene(noise=0), SIZE)
BOX = (100.0, 70.0, 120.0, 120.0)
POSE = {"yaw": 30.0, "pitch": -10.0, "roll": 0.0}


@dataclass(frozen=True)
class Told(Face):
    """A face that says how it is turned, or does not."""

    turned: bool = False

    def as_dict(self) -> dict:
        plain = {key: value for key, value in super().as_dict().items() if key in ("box", "score", "points")}
        return {**plain, "pose": POSE} if self.turned else plain


class Fake:
    """Knows the one face; on any other picture, as the camera's, it is in the same place.

    The detector "mtcnn" sees another, of which it is not sure; the detector "haar" says how it is turned.
    """

    def __init__(self, scheme, detector: str = "faces", tta: bool = True) -> None:
        self.scheme, self.detector, self.tta = scheme, detector, tta

    def __call__(self, image: Image.Image, boxes: list[Region] | None) -> list[Face]:
        if boxes is not None:
            return [self.face(box) for box in boxes]
        face = self.face(BOX)
        if self.detector == "mtcnn":
            return [face, replace(self.face((10.0, 10.0, 60.0, 60.0)), score=0.4)]
        if self.detector == "haar":
            return [replace(face, turned=True)]
        return [face]

    def face(self, box: Region) -> Told:
        points = DRAWN.ibug if self.scheme is IBUG else DRAWN.ibug[30:31]
        moved = (points - BOX[:2]) / BOX[2:] * box[2:] + box[:2]
        return Told(box, 1.0, moved.astype(np.float32), self.scheme.names())


def missing(detector: str, tta: bool) -> Fake:
    raise UserError("the weights face.onnx are missing")


@pytest.fixture(scope="session")
def asked() -> list[tuple[str, bool]]:
    """What predictors were made: the detector, and whether they look at the mirrored face."""
    return []


@pytest.fixture(scope="session")
def address(asked) -> Iterator[str]:
    def landmarks(detector: str, tta: bool) -> Fake:
        asked.append((detector, tta))
        return Fake(IBUG, detector, tta)

    parts = {"landmarks": landmarks, "nose": lambda *how: Fake(NOSE, *how), "face": missing}
    with listen(0) as sock:
        app = server.create(Models(parts, ["faces", "mtcnn", "haar"]))
        running = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        thread = threading.Thread(target=running.run, kwargs={"sockets": [sock]})
        thread.start()
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"
        running.should_exit = True
        thread.join()


@pytest.fixture(scope="session")
def browser(tmp_path_factory) -> Iterator[webdriver.Chrome]:
    with open_browser(tmp_path_factory.mktemp("profile")) as made:
        yield made


@pytest.fixture
def page(browser, address, tmp_path) -> Iterator[Page]:
    browser.execute_cdp_cmd("Page.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    browser.get(address)
    yield Page(browser, tmp_path)
    said = [entry["message"] for entry in browser.get_log("browser") if "api/faces" not in entry["message"]]
    assert not said  # neither errors nor what the Content-Security-Policy forbids


def record(path: Path, seconds: int) -> bytes:
    """A film of the face, 10 frames a second."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"VP80"), 10, SIZE)
    for _ in range(10 * seconds):
        writer.write(np.ascontiguousarray(np.asarray(DRAWN.image.convert("RGB"))[:, :, ::-1]))
    writer.release()
    return path.read_bytes()


@pytest.fixture(scope="session")
def film(tmp_path_factory) -> bytes:
    return record(tmp_path_factory.mktemp("film") / "film.webm", 1)


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

    def run(self, script: str, *values):
        return self.browser.execute_script(script, *values)

    def upload(self, *files: tuple[bytes, str]) -> None:
        for content, name in files:
            (self.folder / name).write_bytes(content)
        self.one("#file").send_keys("\n".join(str(self.folder / name) for _, name in files))

    def upload_face(self) -> None:
        DRAWN.image.save(self.folder / "face.png")
        self.one("#file").send_keys(str(self.folder / "face.png"))
        self.until(lambda: len(self.all(".point")) == 68)

    def choose(self, value: str) -> None:
        self.one(f"input[value='{value}'] + span").click()

    def place(self, selector: str) -> dict[str, float]:
        return self.run(
            "const b = document.querySelector(arguments[0]).getBoundingClientRect();"
            "return {x: b.left, y: b.top, width: b.width, height: b.height}",
            selector,
        )

    def middle(self, selector: str) -> tuple[float, float]:
        there = self.place(selector)
        return there["x"] + there["width"] / 2, there["y"] + there["height"] / 2

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """From one place of the window to another."""
        there = self.middle("#marks")
        move = [round(start[i] - there[i]) for i in (0, 1)]
        chain = ActionChains(self.browser, duration=0).move_to_element_with_offset(self.one("#marks"), *move)
        by = [round(end[i] - start[i]) for i in (0, 1)]
        chain.click_and_hold().move_by_offset(*by).release().perform()

    def saved(self, name: str) -> Path:
        path = self.folder / name
        self.until(lambda: path.exists() and path.stat().st_size)
        return path
