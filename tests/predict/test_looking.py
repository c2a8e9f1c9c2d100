"""One look at a place, and as many as it takes."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import skimage.data
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from keypoints import Predictor, crops
from keypoints.errors import UserError
from keypoints.predict.faces import presence
from keypoints.predict.looking import AROUND, ROLLS, SPARE, Looker, Place, circle, is_elsewhere, shrink

ASTRONAUT = Image.fromarray(skimage.data.astronaut())
BOX = (180.0, 70.0, 90.0, 90.0)
NOSE = np.array([225.2, 127.5])  # the tip, pixels of the upright picture


def answer(made: Predictor, where: tuple[float, float]) -> None:
    """Let the net answer this place, in shares of the crop, for every point of every crop."""
    width, height = made.net.framing.size
    place = np.array([where[0] * width - 0.5, where[1] * height - 0.5])
    made.net.points = lambda crops: np.broadcast_to(place, (len(crops), 68, 2))


@settings(max_examples=30, deadline=None)
@given(
    left=st.floats(-50, 400),
    top=st.floats(-50, 400),
    side=st.floats(20, 300),
    x=st.floats(0, 1),
    y=st.floats(0, 1),
)
def test_a_place_in_the_crop_is_that_place_in_the_box(weights, left, top, side, x, y):
    made = Predictor(weights=weights, tta=False)
    answer(made, (x, y))
    found, _ = made.look([Place(ASTRONAUT, (left, top, side, side))])
    scale = made.net.framing.scale
    expected = np.array([left, top]) - 0.5 + side / 2 + (np.array([x, y]) - 0.5) * scale * side
    assert found == pytest.approx(np.broadcast_to(expected, (1, 68, 2)), abs=0.01)


def test_points_far_from_their_box_are_looked_at_again_where_they_are(small, monkeypatch):
    rng = np.random.default_rng(0)
    shape = rng.uniform(0, 100, (68, 2)).astype(np.float32)
    shape[36], shape[45] = (20, 50), (80, 50)  # upright
    asked = []

    def look(places):
        asked.append([place.box for place in places])
        return np.array([shape for _ in places]).reshape(-1, 68, 2), np.zeros((len(places), 68))

    monkeypatch.setattr(small, "look", look)
    there = crops.dlib_box(shape)
    small.points([(ASTRONAUT, there), (ASTRONAUT, (300.0, 300.0, 50.0, 50.0))])
    assert asked[1] == [pytest.approx(there)]


def ramp(width: int, height: int) -> Image.Image:
    """A picture whose red rises to the right and green downwards, by a fifth of a level a pixel."""
    y, x = np.mgrid[:height, :width]
    return Image.fromarray(np.stack([x / 5, y / 5, 0 * x], -1).round().astype(np.uint8))


@settings(max_examples=40, deadline=None)
@given(
    left=st.floats(-200, 500),
    top=st.floats(-200, 400),
    side=st.floats(300, 900),
    roll=st.floats(-180, 180),
    size=st.sampled_from([(64, 64), (40, 30)]),
)
def test_what_is_cut_out_of_a_shrunken_picture_lies_where_it_did(left, top, side, roll, size):
    """On average; a level of the ramp is 5 pixels of the picture."""
    image, view = ramp(1200, 900), (left, top, side, side * size[1] / size[0])
    smaller, there = shrink(image, view, size, roll)
    assert smaller.width < image.width and SPARE <= there[2] / size[0] < 1.5 * SPARE
    whole, fast = (
        crops.cut_turned(*pair, size, roll).astype(int) for pair in ((image, view), (smaller, there))
    )
    level = side / size[0] / 5  # by which neighbours in the crop differ
    assert np.abs((whole - fast).mean((0, 1))).max() < 0.1 * level + 0.6  # one rounds once, the other twice
    assert np.abs(whole - fast).max() <= 1 + level


def test_small_regions_are_not_shrunken():
    image, view = ramp(300, 300), (20.0, 20.0, 250.0, 250.0)
    assert shrink(image, view, (64, 64), 10.0) == (image, view)


def test_a_place_that_was_glanced_at_is_not_looked_for_turned(weights, monkeypatch):
    made, asked = Predictor(weights=weights), []
    made.net.doubt = 1.0

    def look(places):
        asked.extend(place.roll for place in places)
        return np.zeros((len(places), 68, 2)), np.full((len(places), 68), 3.0)

    monkeypatch.setattr(made, "look", look)
    made.look_closely([Place(ASTRONAUT, BOX, 5.0, glanced=True), Place(ASTRONAUT, BOX, 7.0)])
    assert asked == [5, 7, *(7 + roll for roll in ROLLS)]


def test_a_point_that_is_no_area_is_not_looked_at_again():
    assert not is_elsewhere(Place(ASTRONAUT, BOX), (3.0, 3.0, 0.0, 0.0), 40.0)


@pytest.mark.parametrize("degrees", [0, 30, -45, 90, 135, 180, -90])
def test_a_face_of_any_roll_is_found_in_a_given_box(shipped, degrees):
    turned = ASTRONAUT.rotate(-degrees, Image.Resampling.BICUBIC, center=(225, 125))  # clockwise
    angle = np.radians(degrees)
    matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    expected = matrix @ (NOSE - (225, 125)) + (225, 125)
    (face,) = shipped(turned, [(180.0, 78.0, 90.0, 90.0)])
    assert np.hypot(*(face.points[30] - expected)) < 4


LOOKER = SimpleNamespace(tells_faces=True, net=SimpleNamespace(doubt=2.0))  # as much as `is_face` needs


@given(st.floats(0, 20), st.floats(0, 1), st.floats(0, 1))
def test_the_surer_the_detector_the_more_doubt_a_face_may_be_in(doubts, score, other):
    one, surer = sorted((score, other))
    if Looker.is_face(LOOKER, doubts, one):
        assert Looker.is_face(LOOKER, doubts, surer)
    assert Looker.is_face(LOOKER, 1.0, one), "half of what 99 of 100 faces have at most: always one"


@given(st.floats(0, 20), st.floats(presence.CAP, 1))
def test_a_score_above_the_cap_counts_as_the_cap(doubts, score):
    assert Looker.is_face(LOOKER, doubts, score) == Looker.is_face(LOOKER, doubts, presence.CAP)


@given(st.integers(1, 63))
def test_further_looks_lie_evenly_about_the_closest(count):
    around = np.array(list(circle(count)))
    assert len(np.unique(around.round(6), axis=0)) == count
    if count > 1:
        np.testing.assert_allclose(around.mean(0), (0, 1), atol=1e-9)
    np.testing.assert_allclose(np.hypot(*((around - (0, 1)) / AROUND).T), 1)


def seen_by(places: list[Place], shape: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The answers of a net that sees the shape wherever it looks, without doubt."""
    return np.array([shape for _ in places], np.float32).reshape(-1, 68, 2), np.zeros((len(places), 68))


def make_shape() -> np.ndarray:
    """Points (68, 2) of an upright face."""
    shape = np.random.default_rng(0).uniform(100, 200, (68, 2))
    shape[36], shape[45] = (120, 150), (180, 150)
    return shape


@pytest.mark.parametrize("looks", [1, 2, 5])
def test_looks_that_agree_give_what_one_gives(weights, monkeypatch, looks):
    made, shape, asked = Predictor(weights=weights, looks=looks), make_shape(), []
    monkeypatch.setattr(made, "look", lambda places: asked.append(len(places)) or seen_by(places, shape))
    box = crops.dlib_box(shape)
    found, apart = made.look_closely([Place(ASTRONAUT, box)] * 3)
    np.testing.assert_allclose(found, [shape] * 3, atol=1e-3)
    assert found.dtype == np.float32 and apart.shape == (3, 68)
    assert sum(asked) == 3 * looks and made.look_closely([])[0].shape == (0, 68, 2)


def test_a_look_that_goes_astray_does_not_count(weights, monkeypatch):
    made, shape = Predictor(weights=weights, looks=5), make_shape()
    made.net.doubt = 2.0

    def look(places):
        found, apart = seen_by(places, shape)
        astray = [place.roll > 1 for place in places]
        found[astray], apart[astray] = 1000, 50
        return found, apart

    monkeypatch.setattr(made, "look", look)
    found, _ = made.look_closely([Place(ASTRONAUT, crops.dlib_box(shape))])
    np.testing.assert_allclose(found[0], shape, atol=1e-3)


def test_several_looks_depend_less_on_the_box(shipped):
    """The points of one face in boxes here and there lie closer together."""
    changes = [(1, 0, 0), (1.08, 0.04, 0), (0.94, -0.04, 0.04)]
    places = [Place(ASTRONAUT, crops.shift(BOX, *change)) for change in changes]
    one, five = (each.look_closely(places)[0] for each in (shipped, Predictor(looks=5)))
    assert np.std(five, axis=0).mean() < np.std(one, axis=0).mean()


@pytest.mark.parametrize("wrong", [{"looks": 0}, {"looks": 65}, {"looks": 3, "part": "face"}])
def test_looks_without_sense_are_refused(wrong):
    with pytest.raises(UserError, match="--looks"):
        Predictor(**wrong)
