"""A glance says where a face is, how it lies, and how clearly it is seen."""

from __future__ import annotations

import numpy as np
import pytest
import skimage.data
from PIL import Image

from keypoints import Predictor, crops
from keypoints.errors import UserError
from keypoints.predict import glancing
from keypoints.predict.faces import presence
from keypoints.predict.glancing import Glance, Glimpse
from keypoints.predict.looking import Place, is_elsewhere

ASTRONAUT = Image.fromarray(skimage.data.astronaut())
BOX, ROLL = (176.0, 75.0, 97.0, 97.0), 3.0  # of her face
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


def answer(glance: Glance, monkeypatch: pytest.MonkeyPatch, clarity) -> list[Place]:
    """Let the net see `make_shape` wherever it looks, as clearly as `clarity` has it; the places it sees."""
    asked: list[Place] = []

    def see(places, predict):
        asked.extend(places)
        peaks = np.array([clarity(place) for place in places]).reshape(-1, 1)
        found = np.array([make_shape() for _ in places]).reshape(-1, 68, 2)
        return found, np.tile(peaks, (1, 68))

    monkeypatch.setattr(glance.looker, "see", see)
    return asked


@pytest.mark.parametrize("degrees", [0, 30, -75, 120, 180])
def test_it_sees_how_the_astronaut_is_turned(glance, degrees):
    turned = ASTRONAUT.rotate(-degrees, Image.Resampling.BICUBIC, center=MIDDLE)  # clockwise
    beside = crops.shift(BOX, 1.15, 0.08, -0.05)
    (seen,) = glance([Place(turned, beside, 20.0, 0.5)])
    assert glance.chance(seen) > 0.9 and seen.place.glanced and seen.place.score == 0.5
    assert not is_elsewhere(seen.place, BOX, degrees + ROLL)


def test_places_without_a_face_are_not_worth_a_look(glance):
    wall = Image.effect_noise((300, 300), 60).convert("RGB")
    for box in [(20.0, 20.0, 120.0, 120.0), (150.0, 90.0, 100.0, 100.0)]:
        for score in (0.35, 0.5):
            (seen,) = glance([Place(wall, box, score=score)])
            assert glance.chance(seen) < presence.WORTH


def test_what_is_seen_clearly_is_glanced_at_once(glance, monkeypatch):
    asked = answer(glance, monkeypatch, lambda place: 0.5)
    box = crops.dlib_box(make_shape())
    seen = glance([Place(ASTRONAUT, box, 5.0, 0.4), Place(ASTRONAUT, box, -5.0, 0.4)])
    assert len(asked) == 2
    for one in seen:
        assert one.place.box == pytest.approx(box) and one.place.roll == 0
    assert glance([]) == []


def test_what_lies_elsewhere_is_glanced_at_again_there(glance, monkeypatch):
    asked = answer(glance, monkeypatch, lambda place: 0.5 + place.roll / 1_000)
    (seen,) = glance([Place(ASTRONAUT, BOX, -30.0, 0.4)])
    assert [place.roll for place in asked] == [-30, 0] and seen.clarity == pytest.approx(0.5)
    assert asked[1].box == seen.place.box == pytest.approx(crops.dlib_box(make_shape()))


def test_of_several_glances_the_clearest_counts(glance, monkeypatch):
    asked = answer(glance, monkeypatch, lambda place: 0.6 if place.roll == 90 else 0.3)
    (seen,) = glance([Place(ASTRONAUT, BOX, 0.0, 0.6)])
    assert seen.clarity == pytest.approx(0.6)
    rolls = [place.roll for place in asked]
    assert rolls == [0, 0, 90], "once nearer, then turned until one is clear"


def test_a_place_that_is_never_clear_is_where_it_was_clearest(glance, monkeypatch):
    asked = answer(glance, monkeypatch, lambda place: 0.3 + place.roll / 10_000)
    (seen,) = glance([Place(ASTRONAUT, BOX, 0.0, 0.6)])
    assert [place.roll for place in asked] == [0.0, 0.0, *glancing.TURNS]
    assert seen.clarity == pytest.approx(0.318) and seen.place.glanced


def test_a_shape_without_a_size_leaves_the_place_where_it_is(glance, monkeypatch):
    asked = answer(glance, monkeypatch, lambda place: 0.5)
    monkeypatch.setattr(crops, "upright_box", lambda points, eyes: (np.zeros(4), np.zeros(())))
    (seen,) = glance([Place(ASTRONAUT, BOX, 30.0, 0.6)])
    assert (seen.place.box, seen.place.roll, seen.place.score) == (BOX, 30.0, 0.6) and len(asked) == 1


def test_what_is_hopeless_is_glanced_at_once(glance, monkeypatch):
    asked = answer(glance, monkeypatch, lambda place: 0.1)
    (seen,) = glance([Place(ASTRONAUT, BOX, 0.0, 0.3)])
    assert len(asked) == 1 and glance.chance(seen) < glancing.HOPELESS < presence.WORTH


def test_a_surer_detector_excuses_a_less_clear_face(glance):
    places = [Place(ASTRONAUT, BOX, score=score) for score in (0.3, 0.5, 0.7)]
    unsure, surer, surest = (glance.chance(Glimpse(place, 0.35)) for place in places)
    assert unsure < surer < surest


def test_a_glance_is_one_look_at_each_place(glance, monkeypatch):
    """No mirror image: it would take as long again."""
    seen, net = [], glance.looker.net
    both = net.points_and_peaks
    monkeypatch.setattr(net, "points_and_peaks", lambda cut: seen.append(len(cut)) or both(cut))
    monkeypatch.setattr(net, "points", lambda cut: pytest.fail("a second look"))
    glance([Place(ASTRONAUT, BOX, ROLL, 0.6)] * 3)
    assert seen == [3]


def test_clarity_is_the_geometric_mean_of_the_peaks(glance, monkeypatch):
    peaks = np.full((1, 68), 0.4)
    peaks[:, ::2] = 0.9
    answers = make_shape()[None], peaks
    monkeypatch.setattr(glance.looker, "see", lambda places, predict: [one[: len(places)] for one in answers])
    (seen,) = glance([Place(ASTRONAUT, crops.dlib_box(make_shape()), 0.0, 0.6)])
    assert seen.clarity == pytest.approx(0.6)


def test_a_net_without_peaks_cannot_glance(shipped, monkeypatch):
    """Also one of 68 points in boxes: one of heat maps, or a file that is older than peaks are."""
    monkeypatch.setattr(shipped.net, "has_peaks", False)
    assert shipped.looks_closely
    with pytest.raises(UserError, match="gives peaks, as the part `glance`"):
        Glance(shipped.net)
