"""Films in a real browser: points of the frames that are shown, kept by time."""

from __future__ import annotations

import csv
import json

import pytest
from PIL import Image
from selenium.webdriver import Keys

from tests.app.conftest import SIZE, record


def known(page) -> int:
    """How many places' points are known."""
    return int(page.one("#known").get_attribute("aria-label").split()[2])


def seek(page, seconds: float) -> None:
    page.run(
        """const time = document.getElementById("time");
        time.value = arguments[0];
        time.dispatchEvent(new Event("input"))""",
        seconds,
    )


def test_points_of_shown_frames_are_kept_by_time(page, film):
    page.upload((film, "film.webm"))
    page.until(lambda: len(page.all(".point")) == 68 and known(page) == 1)
    seek(page, 0.5)
    page.until(lambda: known(page) == 2 and len(page.all(".point")) == 68)
    asked = "return performance.getEntriesByType('resource').filter((e) => e.name.includes('faces?')).length"
    before = page.run(asked)
    seek(page, 0)
    page.until(lambda: page.one("#clock").text.startswith("0:00.0") and len(page.all(".point")) == 68)
    assert page.run(asked) == before  # nothing had to be asked
    page.one("#time").send_keys(Keys.ARROW_RIGHT)
    page.until(lambda: known(page) == 3)
    assert page.run("return document.getElementById('video').currentTime") == pytest.approx(1.5 / 25)


def test_it_plays_and_stops_at_the_end(page, film):
    page.upload((film, "film.webm"))
    page.until(lambda: len(page.all(".point")) == 68)
    page.one("#play").click()
    page.until(lambda: page.one("#clock").text == "0:01.0 / 0:01.0")
    page.until(lambda: page.one("#play").get_attribute("aria-label") == "Play" and known(page) > 2)


def test_a_slow_answer_is_shown_until_the_next_is_due(page, tmp_path):
    page.upload((record(tmp_path / "long.webm", 6), "film.webm"))
    page.until(lambda: len(page.all(".point")) == 68)
    page.run("""const { fetch } = window;
      window.fetch = async (...request) => {
        await new Promise((done) => setTimeout(done, window.late ?? 700));
        return fetch(...request);
      };""")
    page.one("#play").click()
    page.until(lambda: not page.all(".point"))  # those of the first frame
    page.until(lambda: len(page.all(".point")) == 68)
    page.run("window.late = 60000")
    page.until(lambda: not page.all(".point"))
    assert page.one("#play").get_attribute("aria-label") == "Pause"  # all of it while the film plays


def test_all_of_it_and_its_results(page, film):
    page.upload((film, "film.webm"))
    page.until(lambda: len(page.all(".point")) == 68)
    page.one("#through").click()
    page.until(lambda: known(page) == 25 and page.one("#through").text == "Find all")
    page.one("#csv").click()
    rows = list(csv.DictReader(page.saved("film.csv").open()))
    times = [float(row["time"]) for row in rows]
    assert len(rows) == 25 and times == sorted(times) and times[-1] == pytest.approx(0.98, abs=0.02)
    page.one("#json").click()
    lines = [json.loads(line) for line in page.saved("film.jsonl").read_text().splitlines()]
    assert [line["time"] for line in lines] == times and lines[0]["file"] == "film.webm"
    page.choose("mtcnn")  # what was known is of another detector
    page.until(lambda: known(page) == 1 and len(page.all(".box")) == 2)


def test_all_of_it_stops_where_the_server_is_away_and_goes_on_from_there(page, film):
    page.upload((film, "film.webm"))
    page.until(lambda: len(page.all(".point")) == 68)
    page.run("""const { fetch } = window;
      const away = () => Promise.reject(new TypeError("away"));
      let answers = 3;
      window.fetch = (...request) => (answers-- === 0 ? away() : fetch(...request));
      document.getElementById("through").click();""")
    page.until(lambda: "does not answer" in page.one("#error").text)
    page.run("return new Promise((done) => setTimeout(done, 300))")
    assert known(page) == 4 and page.one("#error").is_displayed() and not page.all(".point")
    assert page.one("#through").text == "Find all"
    page.one("#json").click()
    assert len(page.saved("film.jsonl").read_text().splitlines()) == 4
    page.one("#through").click()
    page.until(lambda: known(page) == 25 and page.one("#through").text == "Find all")
    assert not page.one("#error").is_displayed()


def test_all_of_it_goes_on_after_a_frame_that_the_server_refuses(page, film):
    page.upload((film, "film.webm"))
    page.until(lambda: len(page.all(".point")) == 68)
    page.run("""const { fetch } = window;
      const words = JSON.stringify({ error: "This file cannot be read" });
      let answers = 3;
      const refused = () => new Response(words, { status: 422 });
      window.fetch = (...request) => (answers-- === 0 ? refused() : fetch(...request));
      document.getElementById("through").click();""")
    page.until(lambda: known(page) == 24 and page.one("#through").text == "Find all")
    assert page.one("#error").text == "1 frame left out: This file cannot be read"
    page.one("#json").click()
    times = [json.loads(line)["time"] for line in page.saved("film.jsonl").read_text().splitlines()]
    (refused,) = {round(25 * time - 0.5) for time in times} ^ set(range(25))
    seek(page, refused / 25)
    page.until(lambda: page.one("#status").text == "This file cannot be read")


def test_a_picture_is_saved_of_a_known_frame_only(page, film):
    page.upload((film, "film.webm"))
    page.until(lambda: len(page.all(".point")) == 68 and page.one("#png").is_enabled())
    page.run("window.fetch = () => new Promise(() => {})")
    seek(page, 0.5)
    page.until(lambda: not page.one("#png").is_enabled() and page.one("#json").is_enabled())
    seek(page, 0)
    page.until(lambda: page.one("#png").is_enabled())
    page.one("#png").click()
    assert Image.open(page.saved("film_points.png")).size == SIZE


def test_a_film_that_the_browser_cannot_play(page):
    page.upload((b"dear diary", "my film.mkv"))
    page.until(lambda: 'keypoints --video "my film.mkv"' in page.one("#error").text)
    assert page.one("#empty").is_displayed() and not page.one("#film").is_displayed()
    page.upload_face()
    assert not page.one("#error").is_displayed()
