"""The landmark schemes agree with themselves, with 300-W's mirror list and with real faces."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest

from keypoints.datasets.archives import members
from keypoints.landmarks import IBUG, IMM, NOSE, PHILTRUM, SCHEMES, WFLW, Scheme, nose_tip
from keypoints.paths import ROOT

REAL = ROOT.parent / "shared/data/imm_face_db.tar.gz"

# The mirror list of the 300-W mark-up, counted from 1 as its authors do; 9, 28 to 31, 34, 52, 58, 63
# and 67 lie on the midline.
MIRROR_300W = (
    [(k, 18 - k) for k in range(1, 9)]
    + [(k, 45 - k) for k in range(18, 23)]
    + [(32, 36), (33, 35), (37, 46), (38, 45), (39, 44), (40, 43), (41, 48), (42, 47)]
    + [(49, 55), (50, 54), (51, 53), (60, 56), (59, 57), (61, 65), (62, 64), (68, 66)]
)

every = pytest.mark.parametrize("scheme", SCHEMES.values(), ids=SCHEMES)


@every
def test_regions_hold_every_point_once(scheme: Scheme) -> None:
    assert sorted(k for region in scheme.regions.values() for k in region) == list(range(scheme.points))


@every
def test_partners_are_an_involution_within_regions(scheme: Scheme) -> None:
    partners = np.array(scheme.partners)
    np.testing.assert_array_equal(partners[partners], np.arange(scheme.points))
    for name, region in scheme.regions.items():
        assert set(partners[list(region)]) == set(region), name


@every
def test_a_mirror_of_a_mirror_is_the_face_itself(scheme: Scheme) -> None:
    points = np.random.default_rng(0).uniform(-10, 90, (2, 3, scheme.points, 2))
    mirrored = scheme.mirror(points, 80)
    np.testing.assert_allclose(scheme.mirror(mirrored, 80), points)
    for k, partner in enumerate(scheme.partners):  # the right eye is where the left one was seen
        np.testing.assert_allclose(mirrored[..., partner, 0], 79 - points[..., k, 0])
        np.testing.assert_array_equal(mirrored[..., partner, 1], points[..., k, 1])


@every
def test_a_mirror_maps_the_outlines_onto_themselves(scheme: Scheme) -> None:
    lines = {frozenset(pair) for run in scheme.outlines for pair in pairwise(run)}
    assert {frozenset(scheme.partners[k] for k in line) for line in lines} == lines
    assert all(len(line) == 2 and max(line) < scheme.points for line in lines)


@every
def test_names_are_unique_and_say_the_region(scheme: Scheme) -> None:
    names = scheme.names()
    assert len(set(names)) == len(names) == scheme.points
    for region, points in scheme.regions.items():
        assert all(names[k].startswith(f"{region}_") for k in points)


@every
def test_plain_values_give_the_scheme_itself(scheme: Scheme) -> None:
    assert Scheme.from_dict(json.loads(json.dumps(scheme.as_dict()))) is scheme


def test_names_may_have_joiners_and_no_controls() -> None:
    names = ["چشم\u200cراست", "आँख\u200d", "👩\u200d🦰"]
    plain = {"name": "own3", "regions": {"other": [0, 1, 2]}, "outlines": [], "partners": [0, 1, 2]}
    plain |= {"eyes": None, "flips": False, "labels": names}
    assert Scheme.from_dict(plain).names() == names
    with pytest.raises(ValueError, match="control characters"):
        Scheme.from_dict(plain | {"labels": [*names[:2], "\x1b[2J"]})


@pytest.mark.parametrize("scheme", [IMM, IBUG, WFLW], ids=lambda s: s.name)
def test_the_eye_corners_are_partners_and_in_the_eyes(scheme: Scheme) -> None:
    left, right = scheme.eyes
    assert scheme.partners[left] == right != left
    assert {left, right} <= set(scheme.regions["eyes"])


def test_ibug_follows_the_300w_mirror_list() -> None:
    expected = list(range(68))
    for a, b in MIRROR_300W:
        expected[a - 1], expected[b - 1] = b - 1, a - 1
    assert list(IBUG.partners) == expected
    assert IBUG.eyes == (36, 45)


def test_eye_distance_is_euclidean_over_leading_axes() -> None:
    points = np.zeros((2, 3, 68, 2))
    points[..., 45, :] = 3, 4
    np.testing.assert_allclose(IBUG.eye_distance(points), np.full((2, 3), 5.0))


def test_a_scheme_without_eyes_has_no_eye_distance() -> None:
    with pytest.raises(ValueError, match="nose1"):
        NOSE.eye_distance(np.zeros((1, 2)))


@pytest.mark.skipif(not REAL.exists(), reason="imm_face_db.tar.gz is not in ../shared/data")
def test_real_imm_faces_are_symmetric_under_the_partners() -> None:
    """The mean of the frontal neutral faces, mirrored, is itself but for a few % of the eye distance."""
    shapes = []
    for _, content in members(REAL, lambda name: name.endswith(("-1m.asf", "-1f.asf"))):
        lines = [line for line in content.decode("latin-1").splitlines() if line.count("\t") > 4]
        rows = [line.split() for line in lines if not line.startswith("#")]
        shapes.append([(float(row[2]) * 640, float(row[3]) * 480) for row in rows])
    mean = np.mean([np.array(s) - np.mean(s, axis=0) for s in shapes], axis=0)
    mirrored = mean[list(IMM.partners)] * [-1, 1]
    assert np.linalg.norm(mirrored - mirrored.mean(0) - mean, axis=1).max() < 0.05 * IMM.eye_distance(mean)

    left, right = IMM.eyes
    eyes = list(IMM.regions["eyes"])
    assert mean[left, 0] == mean[eyes, 0].min() and mean[right, 0] == mean[eyes, 0].max()
    nose = list(IMM.regions["nose"])
    assert abs(mean[PHILTRUM, 0] - mean[nose, 0].mean()) < 0.05 * IMM.eye_distance(mean)


def test_the_nose_tip_is_symmetric_and_follows_the_look() -> None:
    rng = np.random.default_rng(0)
    frontal = rng.uniform(0, 100, (IMM.points, 2))
    frontal = (frontal + (frontal * [-1, 1])[list(IMM.partners)]) / 2 + [200, 100]  # a symmetric face
    left, right = IMM.eyes
    frontal[left], frontal[right] = (150, 120), (250, 120)
    np.testing.assert_allclose(nose_tip(frontal)[0], 200)

    turned = frontal + 0
    nose = list(IMM.regions["nose"])
    tips = []
    for moved in (-30, -10, 0, 10, 30):  # the nose moves between the eyes as the head turns
        turned = frontal + 0
        turned[nose] += [moved, 0]
        tips.append(nose_tip(turned)[0] - moved)
        mirrored = (turned * [-1, 1])[list(IMM.partners)]
        np.testing.assert_allclose(nose_tip(mirrored), nose_tip(turned) * [-1, 1])
        spun = turned @ np.array([[0.8, 0.6], [-0.6, 0.8]])
        np.testing.assert_allclose(nose_tip(spun), nose_tip(turned) @ np.array([[0.8, 0.6], [-0.6, 0.8]]))
    # It runs ahead of the nose, to the side of the wing there.
    wings = frontal[54:57, 0].mean() - frontal[48:51, 0].mean()
    assert np.all(np.diff(tips) * np.sign(wings) > 0)
    assert nose_tip(np.stack([frontal, turned])).shape == (2, 2)
