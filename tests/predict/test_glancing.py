"""A glance says where a face is and how it lies; what it is not sure of stays where the detector has it."""

from __future__ import annotations

import numpy as np
import pytest
import skimage.data
from PIL import Image

from keypoints import Predictor, crops
from keypoints.predict import glancing
from keypoints.predict.faces import presence
from keypoints.predict.glancing import Glance, Glimpse
from keypoints.predict.looking import Place, is_elsewhere

ASTRONAUT = Image.fromarray(skimage.data.astronaut())
BOX = (180.0, 78.0, 90.0, 90.0)
MIDDLE = (225, 123)


@pytest.fixture(scope="module")
def glance(shipped: Predictor) -> Glance:
    assert shipped.glance is not None
    return shipped.glance


def make_shape() -> np.ndarray:
    """Points (68, 2) of an upright face."""
    shape = np.random.default_rng(0).uniform(100, 200, (68, 2))
    shape[36], shape[45] = (120, 150), (180, 150)
    return shape


def answer(glance: Glance, monkeypatch: pytest.MonkeyPatch, doubt) -> list[Place]:
    """Let the net see `make_shape` wherever it looks, in a doubt by the place; the places it is asked for."""
    asked: list[Place] = []

    def look(places):
        asked.extend(places)
        doubts = np.array([doubt(place) for place in places]) * glance.looker.net.doubt
        found = np.array([make_shape() for _ in places]).reshape(-1, 68, 2)
        return found, np.tile(doubts.reshape(-1, 1), (1, 68))

    monkeypatch.setattr(glance.looker, "look", look)
    return asked


@pytest.mark.parametrize("degrees", [0, 30, -75, 120, 180])
def test_it_sees_how_the_astronaut_is_turned(glance, degrees):
    turned = ASTRONAUT.rotate(-degrees, Image.Resampling.BICUBIC, center=MIDDLE)  # clockwise
    beside = crops.shift(BOX, 1.15, 0.08, -0.05)
    (seen,) = glance([Place(turned, beside, 20.0, 0.5)])
    assert glance.chance(seen) > 0.9 and seen.place.glanced and seen.place.score == 0.5
    assert not is_elsewhere(seen.place, BOX, degrees)


def test_places_without_a_face_are_not_worth_a_look(glance):
    wall = Image.effect_noise((300, 300), 60).convert("RGB")
    for box in [(20.0, 20.0, 120.0, 120.0), (150.0, 90.0, 100.0, 100.0)]:
        for score in (0.35, 0.5):
            (seen,) = glance([Place(wall, box, score=score)])
            assert glance.chance(seen) < presence.WORTH


def test_what_is_seen_without_doubt_is_glanced_at_once(glance, monkeypatch):
    asked = answer(glance, monkeypatch, lambda place: 0.5)
    seen = glance([Place(ASTRONAUT, BOX, 30.0, 0.4), Place(ASTRONAUT, BOX, 0.0, 0.4)])
    assert len(asked) == 2
    for one in seen:
        assert one.place.box == pytest.approx(crops.dlib_box(make_shape())) and one.place.roll == 0
    assert glance([]) == []


def test_of_several_glances_the_surest_counts(glance, monkeypatch):
    asked = answer(glance, monkeypatch, lambda place: 0.3 if place.roll == 90 else 1.5)
    (seen,) = glance([Place(ASTRONAUT, BOX, 0.0, 0.6)])
    assert seen.doubt == pytest.approx(0.3)
    rolls = [place.roll for place in asked]
    assert rolls == [0, 0, 90], "once nearer, then turned until one is sure"


def test_a_place_that_stays_in_doubt_stays_where_it_is(glance, monkeypatch):
    answer(glance, monkeypatch, lambda place: 1.1 * glancing.TRUSTED)
    place = Place(ASTRONAUT, BOX, 30.0, 0.6)
    (seen,) = glance([place])
    assert (seen.place.box, seen.place.roll, seen.place.glanced) == (BOX, 30.0, False)


def test_what_is_hopeless_is_glanced_at_once(glance, monkeypatch):
    asked = answer(glance, monkeypatch, lambda place: 50.0)
    (seen,) = glance([Place(ASTRONAUT, BOX, 0.0, 0.3)])
    assert len(asked) == 1 and glance.chance(seen) < glancing.HOPELESS < presence.WORTH


def test_a_surer_detector_excuses_more_doubt(glance):
    places = [Place(ASTRONAUT, BOX, score=score) for score in (0.3, 0.5, 0.7)]
    unsure, surer, surest = (glance.chance(Glimpse(place, 3.0)) for place in places)
    assert unsure < surer < surest
