"""Films that are written play in a browser, at their times, with the sound of the original."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from selenium import webdriver

from keypoints.predict.films import film_files
from tests.browser import open_browser

PLAY = """
const film = document.createElement("video"), done = arguments[1];
film.onloadeddata = () => { film.currentTime = film.duration / 2; };
film.onseeked = () => done([film.videoWidth, film.videoHeight, film.duration]);
film.onerror = () => done(film.error.message);
film.src = arguments[0];
"""


def frame(number: int, size: tuple[int, int] = (64, 48)) -> np.ndarray:
    """Grey that rises from frame to frame."""
    return np.full((size[1], size[0], 3), 10 * number + 20, np.uint8)


def write(path: Path, size: tuple[int, int] = (64, 48), times=None, sound: Path | None = None) -> None:
    times = times if times is not None else [i / 10 for i in range(20)]
    film = film_files.create(path, 10.0, size, str(sound) if sound else None)
    for number, seconds in enumerate(times):
        film.add(frame(number, size), seconds)
    film.close()


def write_sound(path: Path, codec: str, seconds: float = 3.0) -> None:
    """A film of one grey frame and a tone."""
    with av.open(path, "w") as film:
        frames, tone = film.add_stream("mpeg4", 10), film.add_stream(codec, 44_100)
        frames.width, frames.height, frames.pix_fmt = 64, 48, "yuv420p"
        film.mux(frames.encode(av.VideoFrame.from_ndarray(frame(0), format="rgb24")))
        wave = np.sin(np.arange(round(44_100 * seconds)) / 15) * 20_000
        for start in range(0, len(wave), 1024):
            piece = np.repeat(wave[None, start : start + 1024], 2, 1).reshape(1, -1).astype(np.int16)
            heard = av.AudioFrame.from_ndarray(piece, format="s16", layout="stereo")
            heard.sample_rate, heard.pts = 44_100, start
            film.mux(tone.encode(heard))
        film.mux(tone.encode())
        film.mux(frames.encode())


@pytest.fixture(scope="module")
def browser(tmp_path_factory) -> Iterator[webdriver.Chrome]:
    with open_browser(tmp_path_factory.mktemp("profile")) as made:
        yield made


@pytest.mark.parametrize("name", ["film.mp4", "film.webm"])
@pytest.mark.parametrize("size", [(64, 48), (65, 49)])
def test_a_browser_plays_it(browser: webdriver.Chrome, name: str, size: tuple[int, int], tmp_path) -> None:
    write(tmp_path / name, size)
    browser.get("about:blank")
    (tmp_path / "page.html").write_text("<!doctype html>")
    browser.get((tmp_path / "page.html").as_uri())
    width, height, seconds = browser.execute_async_script(PLAY, (tmp_path / name).as_uri())
    assert abs(width - size[0]) <= 1 and abs(height - size[1]) <= 1
    assert seconds == pytest.approx(2.0, abs=0.11)


@pytest.mark.parametrize("name", ["film.mp4", "film.webm"])
def test_opencv_reads_the_frames_that_were_written(name: str, tmp_path: Path) -> None:
    write(tmp_path / name)
    film = cv2.VideoCapture(str(tmp_path / name))
    for number in range(20):
        assert film.read()[1].mean() == pytest.approx(frame(number).mean(), abs=4.9)
    assert film.read()[1] is None and film.get(cv2.CAP_PROP_FPS) == pytest.approx(10)


def test_opencv_says_nothing_of_its_own(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "film.webm")
    os.write(2, b"heard again")
    assert capfd.readouterr() == ("", "heard again")


def test_frames_are_shown_at_their_times(tmp_path: Path) -> None:
    """Also of a film whose rate varies."""
    times = [0.0, 0.1, 0.15, 0.5, 1.75]
    write(tmp_path / "film.mp4", times=times)
    with av.open(tmp_path / "film.mp4") as film:
        assert [f.time for f in film.decode(video=0)] == pytest.approx(times, abs=1e-4)


@pytest.mark.parametrize("codec, kept", [("aac", "aac"), ("mp3", "mp3"), ("pcm_s16le", "aac")])
def test_sound_goes_along(codec: str, kept: str, tmp_path: Path) -> None:
    """As it is where browsers play it, and as long as the frames: of three seconds two."""
    write_sound(tmp_path / "in.mkv", codec)
    write(tmp_path / "out.mp4", sound=tmp_path / "in.mkv")
    with av.open(tmp_path / "out.mp4") as film:
        heard = film.streams.audio[0]
        assert heard.codec_context.codec.canonical_name == kept
        sound = np.concatenate([f.to_ndarray().ravel() for f in film.decode(heard)]).astype(float)
        assert heard.duration * heard.time_base == pytest.approx(2.0, abs=0.1)
        assert sound.std() > 0


def write_click(path: Path, codec: str, frames_from: float, sound_from: float, at: float) -> None:
    """Two seconds of grey frames and of silence, from these seconds on; a tone of 0.2 seconds at `at`."""
    with av.open(path, "w") as film:
        frames, tone = film.add_stream("mpeg4", 10), film.add_stream(codec, 48_000)
        frames.width, frames.height, frames.pix_fmt = 64, 48, "yuv420p"
        for number in range(20):
            picture = av.VideoFrame.from_ndarray(frame(number), format="rgb24")
            picture.pts, picture.time_base = number + round(10 * frames_from), Fraction(1, 10)
            film.mux(frames.encode(picture))
        times = np.arange(96_000) / 48_000 + sound_from
        wave = np.sin(times * 3_000) * 20_000 * ((times >= at) & (times < at + 0.2))
        for start in range(0, len(wave) - 1023, 1024):
            piece = wave[None, start : start + 1024].astype(np.int16)
            heard = av.AudioFrame.from_ndarray(piece, format="s16", layout="mono")
            heard.sample_rate, heard.pts = 48_000, start + round(48_000 * sound_from)
            film.mux(tone.encode(heard))
        film.mux(tone.encode())
        film.mux(frames.encode())


def heard_at(path: Path) -> float:
    """Seconds after the first frame at which a film's sound is first loud."""
    with av.open(path) as film:
        first = next(film.decode(video=0)).time
        film.seek(0)
        for heard in film.decode(audio=0):
            loud = np.abs(heard.to_ndarray().astype(float)).max(0) > (
                0.2 if "flt" in heard.format.name else 6_000
            )
            if loud.any():
                return heard.time + int(loud.argmax()) / heard.sample_rate - first
    raise AssertionError("silence")


@pytest.mark.parametrize("frames_from, sound_from", [(0, 0), (0.6, 0), (0, 0.6), (10, 10), (10, 9.7)])
@pytest.mark.parametrize(
    "codec, ending", [("aac", "mkv"), ("aac", "mp4"), ("aac", "ts"), ("mp2", "ts"), ("pcm_s16le", "mkv")]
)
def test_sound_keeps_its_place(
    codec: str, ending: str, frames_from: float, sound_from: float, tmp_path
) -> None:
    """Beside the frames, whenever either begins."""
    source = tmp_path / f"in.{ending}"
    write_click(source, codec, frames_from, sound_from, at=frames_from + 1)
    write(tmp_path / "out.mp4", sound=source)
    assert heard_at(source) == pytest.approx(1, abs=0.04)
    assert heard_at(tmp_path / "out.mp4") == pytest.approx(1, abs=0.04)


@pytest.mark.parametrize("codec, ending", [("aac", "ts"), ("mp2", "ts"), ("mp3", "mkv")])
def test_sound_whose_clock_restarts_goes_on(codec: str, ending: str, tmp_path: Path) -> None:
    """As of films that were put together byte by byte."""
    write_sound(tmp_path / f"one.{ending}", codec, 1.0)
    (tmp_path / f"two.{ending}").write_bytes((tmp_path / f"one.{ending}").read_bytes() * 2)
    write(tmp_path / "out.mp4", sound=tmp_path / f"two.{ending}")
    with av.open(tmp_path / "out.mp4") as film:
        assert float(film.streams.audio[0].duration * film.streams.audio[0].time_base) > 1.9
        assert sum(1 for _ in film.decode(video=0)) == 20


def test_sound_that_the_film_does_not_take_is_left_out(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(
        film_files, "forward", lambda pieces, shift: reversed([p for p in pieces if p.pts is not None])
    )
    write_sound(tmp_path / "in.mkv", "aac")
    write(tmp_path / "out.mp4", sound=tmp_path / "in.mkv")
    with av.open(tmp_path / "out.mp4") as film:
        assert sum(1 for _ in film.decode(video=0)) == 20


def test_a_film_without_sound_and_what_is_none_give_none(tmp_path: Path) -> None:
    (tmp_path / "broken.mp4").write_bytes(b"no film")
    write(tmp_path / "silent.mp4")
    for source in ("silent.mp4", "broken.mp4"):
        write(tmp_path / "out.mp4", sound=tmp_path / source)
        with av.open(tmp_path / "out.mp4") as film:
            assert not film.streams.audio and sum(1 for _ in film.decode(video=0)) == 20


@pytest.mark.parametrize("name", ["film.mp4", "film.webm"])
def test_what_cannot_be_written_is_an_os_error(name: str, tmp_path: Path) -> None:
    with pytest.raises(OSError):
        film_files.create(tmp_path / "none" / name, 10.0, (64, 48), None)


@pytest.mark.parametrize("name", ["film.mp4", "film.webm"])
def test_a_disk_that_is_full_before_the_end_is_an_os_error(name: str, tmp_path: Path, capfd) -> None:
    """A limit of the size of files stands in for it."""
    resource = pytest.importorskip("resource")
    film = film_files.create(tmp_path / name, 1.0, (160, 120), None)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    noise = np.random.default_rng(0).integers(0, 256, (60, 120, 160, 3), np.uint8)
    try:
        with pytest.raises(OSError) as caught:
            for number, each in enumerate(noise):
                film.add(each, number)
            film.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert caught.value.errno in (errno.ENOSPC, errno.EFBIG)
    assert name.endswith("mp4") or capfd.readouterr().err == ""


def test_without_pyav_it_is_a_webm(monkeypatch: pytest.MonkeyPatch) -> None:
    assert film_files.ending() == ".mp4"
    monkeypatch.setattr(film_files.importlib.util, "find_spec", lambda name: None)
    assert film_files.ending() == ".webm"
