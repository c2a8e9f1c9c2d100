"""What a picture shows is told rightly, and groups by it hold every face once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keypoints.reports.release import conditions
from tests.reports.release.drawn_faces import SIZE, drawn

FACES = drawn([0, 12, -12, 30, -30])
seeds = st.integers(0, 2**32 - 1)
quick = settings(deadline=None, max_examples=20)


def errors(seed):
    """Points with errors, pixels of the crops."""
    return FACES.points + np.random.default_rng(seed).normal(0, 2, FACES.points.shape)


def test_a_turned_head_is_seen_by_its_nose_and_to_either_side():
    ahead, right, left, far_right, far_left = conditions.measure_view(FACES)
    assert ahead < 0.01 < 0.05 < right < far_right
    assert (right, far_right) == pytest.approx((left, far_left), abs=0.02)


@given(st.floats(-60, 60))
@quick
def test_tilt_is_that_of_the_eyes_and_no_view(angle):
    tilted = drawn([0, 20], roll=angle)
    assert conditions.measure_tilt(tilted)[0] == pytest.approx(abs(angle), abs=1)
    assert conditions.measure_view(tilted) == pytest.approx(conditions.measure_view(drawn([0, 20])), abs=0.01)


def test_a_face_has_the_size_that_it_has_in_the_photograph():
    half = replace(FACES.faces, matrices=FACES.faces.matrices / 2)  # crops at half the photograph's size
    assert replace(FACES, faces=half).side == pytest.approx(2 * FACES.side, rel=0.02)


def test_light_and_contrast_are_of_the_face_alone():
    images = np.full_like(FACES.faces.images, 255)
    for image, points in zip(images, FACES.points, strict=True):
        left, top = np.floor(points.min(0)).astype(int)
        right, bottom = np.ceil(points.max(0)).astype(int) + 1
        image[top:bottom, left:right] = 50
        image[top:bottom:2, left:right] = 150  # every other row
    shown = replace(FACES, faces=replace(FACES.faces, images=images))
    assert conditions.measure_light(shown) == pytest.approx(np.full(5, 100), abs=1.5)
    assert conditions.measure_contrast(shown) == pytest.approx(np.full(5, 50), abs=0.1)
    outside = replace(FACES, points=FACES.points - [SIZE[0] / 2, 0])  # as of a face that the crop cuts off
    assert np.isfinite(conditions.measure_light(outside)).all()


@given(seeds)
@quick
def test_groups_part_the_faces(seed):
    rows = conditions.measure_groups(FACES, errors(seed))
    assert {row["condition"] for row in rows} == set(conditions.CONDITIONS)
    for condition in conditions.CONDITIONS:
        own = [row for row in rows if row["condition"] == condition]
        counts = [row["faces"] for row in own]
        assert sum(counts) == 5 and min(counts) > 0
        whole = np.linalg.norm(errors(seed) - FACES.points, axis=-1).mean(1)
        for key, unit in (("nme", FACES.faces.eye_distance), ("of_side", FACES.side)):
            mean = np.average([row[key] for row in own], weights=counts)
            assert mean == pytest.approx((100 * whole / unit).mean(), rel=1e-5)
    assert [(row["group"], row["faces"]) for row in rows][:2] == [("under 0.05", 1), ("0.05 to 0.15", 2)]


def test_the_margin_is_the_usual_one_and_copies_make_it_no_smaller():
    values = np.random.default_rng(0).normal(3, 1, 40)
    people = np.arange(40)
    margin = conditions.measure_margin(values, people)
    assert margin == pytest.approx(1.96 * values.std(ddof=1) / np.sqrt(40))
    assert conditions.measure_margin(np.tile(values, 3), np.tile(people, 3)) == pytest.approx(margin)
    assert conditions.measure_margin(values, np.zeros(40)) is None


def test_mirrored_twins_are_left_out():
    faces = replace(FACES.faces, subset=np.array(["afw", "afw mirrored", "helen", "mirrored", "afw"]))
    assert conditions.without_twins(faces).subset.tolist() == ["afw", "helen", "mirrored", "afw"]
