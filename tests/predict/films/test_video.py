"""A film goes through whole: every rate, and an end by Ctrl-C or an error."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data

from keypoints import Predictor
from keypoints.errors import UserError
from keypoints.predict.films import film_files
from keypoints.predict.films.video import Film, Source, annotate

IMAGE = np.ascontiguousarray(skimage.data.astronaut()[:256, 100:356, ::-1])


def write(path: Path, rate: float = 10.0, frames: int = 3) -> Source:
    """A film of the astronaut, opened."""
    film = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), rate, (256, 256))
    for _ in range(frames):
        film.write(IMAGE)
    film.release()
    return Source(str(path))


@pytest.mark.parametrize("pyav", [True, False])
@pytest.mark.parametrize("rate", [72.1234, 29.97, 119.88, 7.0])
def test_a_film_of_any_rate_is_written_with_it(
    rate: float, pyav: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With PyAV and without."""
    monkeypatch.setattr(film_files, "ending", lambda: ".mp4" if pyav else ".webm")
    predictor, source = Predictor(), write(tmp_path / "film.avi", rate)
    with Film(tmp_path, source, predictor.scheme, None) as drawn:
        annotate(predictor, source, [], drawn)
    made = cv2.VideoCapture(str(drawn.path))
    assert made.get(cv2.CAP_PROP_FPS) == pytest.approx(rate, rel=0.02)
    frames = [made.read()[1] for _ in range(4)]
    assert [frame is not None for frame in frames] == [True] * 3 + [False]
    assert np.abs(frames[0].astype(int) - IMAGE).mean() > 1  # something is drawn
    assert [path.name for path in tmp_path.glob("*_points*")] == [drawn.path.name]


class Stopping:
    """A writer at which Ctrl-C is pressed, or an error happens, in the second frame."""

    def __init__(self, error: type[BaseException]) -> None:
        self.error, self.frames = error, 0

    def write(self, *args: object, **facts: object) -> None:
        self.frames += 1
        if self.frames == 2:
            raise self.error


def test_ctrl_c_ends_a_film_that_is_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With what was seen until then."""
    predictor, source = Predictor(), write(tmp_path / "film.avi", frames=9)
    with Film(tmp_path, source, predictor.scheme, None) as drawn:
        annotate(predictor, source, [Stopping(KeyboardInterrupt)], drawn)
    assert int(cv2.VideoCapture(str(drawn.path)).get(cv2.CAP_PROP_FRAME_COUNT)) == 1
    assert "the film ends here" in capsys.readouterr().err


def test_an_error_leaves_no_film(tmp_path: Path) -> None:
    predictor, source = Predictor(), write(tmp_path / "film.avi", frames=9)
    with pytest.raises(OSError), Film(tmp_path, source, predictor.scheme, None) as drawn:
        annotate(predictor, source, [Stopping(OSError)], drawn)
    assert [path.name for path in tmp_path.iterdir()] == ["film.avi"]


def test_a_folder_that_takes_no_film_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object) -> None:
        raise PermissionError

    monkeypatch.setattr(film_files, "create", refuse)
    source = write(tmp_path / "film.avi")
    with pytest.raises(UserError, match="cannot be written: choose another --out"):
        Film(tmp_path, source, Predictor().scheme, None).__enter__()
    assert [path.name for path in tmp_path.iterdir()] == ["film.avi"]


@pytest.mark.parametrize("name", ["\u00b2", "99999999999", "nothing.mp4", "text.mp4"])
def test_what_is_no_film_and_no_camera_is_one_line(name: str, tmp_path: Path, monkeypatch, capfd) -> None:
    monkeypatch.chdir(tmp_path)
    Path("text.mp4").write_text("dear diary")
    with pytest.raises(UserError, match="cannot be read: name a film, or a camera's number"):
        Source(name)
    assert not capfd.readouterr().err  # OpenCV's and FFmpeg's own words
