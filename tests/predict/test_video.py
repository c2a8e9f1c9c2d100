"""A film: trembling points are held back; every frame rate is written."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data

from keypoints import Predictor
from keypoints.predict.following import Followed
from keypoints.predict.predictor import Face
from keypoints.predict.video import Film, Smoother, Source, annotate


def face(x: float, number: int = 1) -> Followed:
    return Followed(number, Face((x, 0.0, 100.0, 100.0), 1.0, np.full((68, 2), x, np.float32), []), 0)


def test_trembling_is_held_back_and_movement_let_through():
    smooth = Smoother()
    smooth([face(0)])
    assert smooth([face(0.4)])[0].points.max() < 0.2
    assert smooth([face(30)])[0].points.max() > 29.9
    assert smooth([face(30.4, number=2)])[0].points.max() == np.float32(30.4)  # another face


@pytest.mark.parametrize("rate", [72.1234, 29.97, 119.88, 7.0])
def test_a_film_of_any_rate_is_written_with_it(tmp_path: Path, rate: float) -> None:
    image = np.ascontiguousarray(skimage.data.astronaut()[:256, 100:356, ::-1])
    source = tmp_path / "film.avi"
    film = cv2.VideoWriter(str(source), cv2.VideoWriter_fourcc(*"MJPG"), rate, (256, 256))
    for _ in range(3):
        film.write(image)
    film.release()
    predictor, opened = Predictor(), Source(str(source))
    with Film(tmp_path, opened, predictor.scheme, None) as made_film:
        annotate(predictor, opened, [made_film])
    made = cv2.VideoCapture(str(tmp_path / "film_points.mp4"))
    assert made.get(cv2.CAP_PROP_FRAME_COUNT) == 3
    assert made.get(cv2.CAP_PROP_FPS) == pytest.approx(rate, abs=0.01)
    assert not np.array_equal(made.read()[1], image)
