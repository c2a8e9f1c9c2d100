"""A face keeps its number: moving, away for a moment, and past another one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest
import skimage.data
from PIL import Image

from keypoints import Predictor
from keypoints.predict.films.following import Follower

HEAD = Image.fromarray(skimage.data.astronaut()).crop((150, 0, 300, 190)).resize((120, 152))
RATE = 24.0


class Counting(Predictor):
    """Counts how often the detector is asked."""

    searches = 0

    def find(self, image: Image.Image):
        self.searches += 1
        return super().find(image)


@pytest.fixture
def predictor() -> Counting:
    return Counting(threads=1)


def scene(*places: tuple[float, float]) -> Image.Image:
    """Heads with their upper left corners at these places, the later ones in front."""
    picture = Image.new("RGB", (480, 320), (90, 110, 100))
    for x, y in places:
        picture.paste(HEAD, (round(x), round(y)))
    return picture


def numbers(follower: Follower, frames: Sequence[Image.Image]) -> Iterator[dict[int, np.ndarray]]:
    """The middle of each face by its number, frame by frame."""
    for frame in frames:
        yield {each.number: each.face.points.mean(axis=0) for each in follower(frame)}


def test_a_moving_face_keeps_its_number_and_is_seldom_searched(predictor: Counting) -> None:
    """Its points move as it does, to a pixel."""
    found = list(numbers(Follower(predictor, RATE), [scene((20 + 6 * i, 80)) for i in range(24)]))
    assert [list(each) for each in found] == [[1]] * 24
    path = np.stack([each[1] for each in found])
    np.testing.assert_allclose(path - path[0], [(6 * i, 0) for i in range(24)], atol=1.0)
    assert predictor.searches == 4  # in a second


def test_who_is_away_for_half_a_second_comes_back_with_the_same_number(predictor: Counting) -> None:
    here, empty = scene((60, 80)), scene()
    found = list(numbers(Follower(predictor, RATE), [here] * 3 + [empty] * 12 + [here] * 2))
    assert [list(each) for each in found] == [[1]] * 3 + [[]] * 12 + [[1]] * 2


def test_after_a_cut_to_another_place_a_face_has_another_number(predictor: Counting) -> None:
    found = list(numbers(Follower(predictor, RATE), [scene((0, 0))] * 2 + [scene((340, 160))] * 2))
    assert [list(each) for each in found] == [[1]] * 2 + [[2]] * 2


def test_two_that_cross_keep_their_numbers(predictor: Counting) -> None:
    """One passes in front of the other and hides it for a while."""
    ways = [((20 + 8 * i, 90), (330 - 8 * i, 70)) for i in range(40)]
    found = list(numbers(Follower(predictor, RATE), [scene(*way) for way in ways]))
    first, last = found[0], found[-1]
    assert sorted(first) == sorted(last) == [1, 2]
    went = {number: last[number][0] - first[number][0] for number in (1, 2)}
    assert sorted(went.values()) == pytest.approx([-312, 312], abs=8)
    assert all(len(each) <= 2 and set(each) <= {1, 2} for each in found)
