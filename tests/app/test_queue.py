"""Several files at once and their archive, in a real browser."""

from __future__ import annotations

import csv
import io
import json
import zipfile

from PIL import Image
from selenium.webdriver import Keys

from tests.app.conftest import DRAWN, SIZE


def face() -> bytes:
    file = io.BytesIO()
    DRAWN.image.save(file, "JPEG")
    return file.getvalue()


def words(page) -> list[str]:
    return [tile.text for tile in page.all("#strip button")]


def test_ten_files_and_their_archive(page):
    names = [f"bild {k} é.jpg" for k in range(8)] + ["a,b.png", "bild 0 é.png"]
    page.upload(*[(face(), name) for name in names])
    page.until(lambda: words(page) == ["1 face"] * 10)
    page.one("#all").click()
    with zipfile.ZipFile(page.saved("keypoints.zip")) as archive:
        assert archive.testzip() is None
        pictures = [*(f"bild {k} é_points.png" for k in range(8)), "a,b_points.png", "bild 0 é_points_2.png"]
        assert archive.namelist() == ["faces.jsonl", "faces.csv", *pictures]
        lines = [json.loads(line) for line in archive.read("faces.jsonl").decode().splitlines()]
        rows = list(csv.DictReader(io.StringIO(archive.read("faces.csv").decode())))
        drawn = Image.open(archive.open("bild 3 é_points.png"))
    assert [line["file"] for line in lines] == [row["file"] for row in rows] == names
    assert all(len(line["points"]) == 68 and line["box"] == [100, 70, 120, 120] for line in lines)
    assert float(rows[4]["nose_3_x"]) == lines[4]["points"][30]["x"]
    assert drawn.size == SIZE and drawn.convert("RGB").tobytes() != DRAWN.image.convert("RGB").tobytes()


def test_a_folder_is_dropped(page, tmp_path):
    folder = tmp_path / "album"
    (folder / "later").mkdir(parents=True)
    for name in ("10.jpg", "9.jpg", ".hidden.jpg", "later/1.jpg"):
        (folder / name).write_bytes(face())
    for kind in ("dragEnter", "dragOver", "drop"):
        data = {"items": [], "files": [str(folder)], "dragOperationsMask": 1}
        event = {"type": kind, "x": 400, "y": 400, "data": data}
        page.browser.execute_cdp_cmd("Input.dispatchDragEvent", event)
    page.until(lambda: words(page) == ["1 face"] * 3)
    names = [tile.get_attribute("title") for tile in page.all("#strip button")]
    assert names == ["9.jpg", "10.jpg", "1.jpg"]


def test_what_cannot_be_read_is_told_beside_the_others(page):
    page.upload((face(), "one.jpg"), (b"dear diary", "diary.jpg"), (face(), "two.jpg"))
    page.until(lambda: words(page) == ["1 face", "error", "1 face"])
    assert not page.one("#error").is_displayed()
    page.all("#strip button")[1].click()
    page.until(lambda: "cannot be read" in page.one("#error").text)
    page.one("#strip [aria-current]").send_keys(Keys.ARROW_RIGHT)
    page.until(lambda: len(page.all(".point")) == 68)
    assert page.browser.switch_to.active_element.get_attribute("aria-label") == "two.jpg: 1 face"
    page.one("#all").click()
    with zipfile.ZipFile(page.saved("keypoints.zip")) as archive:
        assert b"diary.jpg: This file cannot be read" in archive.read("errors.txt")


def test_settings_ask_about_all_files_again(page):
    page.upload((face(), "one.jpg"), (face(), "two.jpg"))
    page.until(lambda: words(page) == ["1 face"] * 2)
    page.choose("mtcnn")
    page.until(lambda: words(page) == ["2 faces"] * 2)


def test_the_threshold_hides_faces_at_once_and_from_the_results(page):
    page.upload_face()
    page.choose("mtcnn")
    page.until(lambda: len(page.all(".box")) == 2)
    requests = page.run("return performance.getEntriesByType('resource').length")
    page.one("#threshold").send_keys(*[Keys.ARROW_RIGHT] * 41)
    assert len(page.all(".box")) == 1 and "1 below the threshold" in page.one("#status").text
    page.one("#json").click()
    assert len(json.loads(page.saved("face.json").read_text())["faces"]) == 1
    page.one("#threshold").send_keys(Keys.HOME)
    assert len(page.all(".box")) == 2
    assert page.run("return performance.getEntriesByType('resource').length") == requests


def test_a_busy_server_is_asked_again(page):
    page.run("""const { fetch } = window;
      const busy = () => Response.json({ error: "Too many" }, { status: 429 });
      let times = 2;
      window.fetch = (...request) => times-- > 0 ? busy() : fetch(...request);
      """)
    page.upload_face()
    assert not page.one("#error").is_displayed()


def test_what_failed_while_the_server_was_away_is_asked_about_again_when_it_is_chosen(page):
    page.run("""window.there = window.fetch;
      window.fetch = () => Promise.reject(new TypeError("away"));""")
    page.upload((face(), "one.jpg"), (face(), "two.jpg"))
    page.until(lambda: words(page) == ["error"] * 2)
    page.all("#strip button")[1].click()
    page.until(lambda: "does not answer" in page.one("#error").text)
    page.run("window.fetch = window.there")
    page.all("#strip button")[0].click()
    page.until(lambda: words(page) == ["1 face", "error"] and len(page.all(".point")) == 68)
    page.one("#strip [aria-current]").send_keys(Keys.ARROW_RIGHT)
    page.until(lambda: words(page) == ["1 face"] * 2 and len(page.all(".point")) == 68)
    assert not page.one("#error").is_displayed()


def test_pose_is_drawn_and_told(page):
    page.upload_face()
    assert not page.all(".axis") and not page.one("#pose").is_displayed()
    page.choose("haar")
    page.until(lambda: len(page.all(".axis")) == 3)
    assert page.one(".numbers").get_attribute("textContent").split() == [
        "yaw",
        "30°",
        "pitch",
        "−10°",
        "roll",
        "0°",
    ]
    nose, ahead = page.middle(".point[data-name=nose_3]"), page.middle(".axis.ahead")
    assert ahead[0] > nose[0] + 5 and ahead[1] < nose[1]  # turned to the picture's right, and up
    page.one("#csv").click()
    (row,) = csv.DictReader(page.saved("face.csv").open())
    assert (row["yaw"], row["pitch"], row["mouth_19_y"] != "") == ("30", "-10", True) and "mouth" not in row
    page.choose("pose")
    assert not page.all(".axis, .numbers")
