"""The drawn films: their truth is where the faces are, and they come out the same again."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from keypoints.landmarks import IBUG
from keypoints.predict.predictor import Predictor
from keypoints.synthetic import films


def first(name: str, seed: int, frames: int) -> list[films.Frame]:
    return list(itertools.islice(films.shoot(name, seed), frames))


@pytest.mark.parametrize("name", films.FILMS)
def test_the_same_seed_gives_the_same_film(name: str) -> None:
    one, same, other = (first(name, seed, 2) for seed in (5, 5, 6))
    assert [a.image.tobytes() for a in one] == [b.image.tobytes() for b in same]
    assert one[0].image.tobytes() != other[0].image.tobytes()
    assert one[0].image.tobytes() != one[1].image.tobytes()  # the camera's noise, at least
    assert one[0].image.size == films.SIZE


@pytest.mark.parametrize("name", films.FILMS)
def test_the_points_are_where_the_faces_are(name: str) -> None:
    (frame,) = first(name, 0, 1)
    found = Predictor(threads=1)(frame.image)
    truth = [points for points in frame.points if points is not None]
    assert len(found) == len(truth)
    for points in truth:
        apart = [np.linalg.norm(face.points - points, axis=-1).mean() for face in found]
        assert min(apart) < 0.08 * IBUG.eye_distance(points[None])[0]


def points(name: str, *shares: float) -> list[list[np.ndarray | None]]:
    """Of the actors, at these shares of the film."""
    actors = films.FILMS[name](np.random.default_rng(0))
    return [list(films.take(actors, share, films.Scene(noise=0)).points) for share in shares]


@pytest.mark.parametrize("name", ["still", "turning", "walking"])
def test_a_still_face_is_still_and_the_others_move(name: str) -> None:
    ((before,), (after,)) = points(name, 0.0, 0.3)
    assert before is not None and after is not None
    assert np.array_equal(before, after) == (name == "still")


def test_who_is_behind_another_is_hidden_for_a_while_and_comes_back() -> None:
    there = [actors[0] is not None for actors in points("crossing", 0.0, 0.3, 0.5, 0.7, 0.99)]
    assert there == [True, True, False, True, True]
