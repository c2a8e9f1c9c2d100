"""What is put into good annotations is found, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from keypoints.inspection import findings
from keypoints.landmarks import IBUG
from tests.inspection.faces import annotated, of

EYES, PARTNERS = list(IBUG.regions["eyes"]), np.array(IBUG.partners)
LEFT, RIGHT = IBUG.eyes


def kinds(points: np.ndarray, scheme=IBUG) -> list[tuple[str, str]]:
    return [(each.kind, each.file) for each in findings.find(of(points), scheme)]


def test_good_faces_have_nothing_wrong():
    assert kinds(annotated()[1]) == []


@pytest.mark.parametrize(
    "which, words",
    [
        (list(range(68)), "the whole face"),
        (EYES, "the eyes"),
        ([LEFT, RIGHT], "eyes_0 and eyes_9"),
    ],
)
def test_swapped_sides_are_found_and_named(which, words):
    points = annotated()[1]
    points[7, which] = points[7, PARTNERS[which]]
    (found,) = findings.find(of(points), IBUG)
    assert (found.kind, found.file) == ("swapped", "007.jpg") and f" {words} " in found.what
    alone = replace(IBUG, partners=tuple(range(68)), flips=False)
    assert ("swapped", "007.jpg") not in kinds(points, alone)


def test_a_point_far_off_is_found_and_named():
    points = annotated()[1]
    points[3, 50] += (60, 70)
    found = findings.find(of(points), IBUG)
    assert [(each.kind, each.file) for each in found][-1] == ("outlier", "003.jpg")
    assert IBUG.names()[50] in found[-1].what


def test_missing_points_are_no_finding():
    points = annotated()[1]
    rng = np.random.default_rng(1)
    points[rng.random(points.shape[:2]) < 0.3] = np.nan
    points[0] = np.nan
    points[0, 0] = 100, 100
    assert kinds(points) == []


def test_points_outside_of_the_picture():
    points = annotated()[1]
    points[2] += (0, 300) - points[2].min(axis=0)
    found = [each for each in findings.find(of(points), IBUG) if each.kind == "outside"]
    assert [each.file for each in found] == ["002.jpg"] and "and 64 more outside of 400 x 300" in found[
        0
    ].what


def test_the_border_is_inside():
    points = annotated(1)[1]
    points[0, :2] = (-0.5, 0), (399.5, 299.5)
    assert not list(findings.outside(of(points), points))
    points[0, 0, 0] = -0.51
    assert len(list(findings.outside(of(points), points))) == 1


def test_odd_boxes():
    good, points = annotated(3, box=True)
    boxes = [(100.0, 50.0, 200.0, 200.0), (0.0, 0.0, 20.0, 20.0), (-900.0, -900.0, 2500.0, 2500.0)]
    faces = [replace(face, box=box) for face, box in zip(good.faces, boxes, strict=True)]
    found = list(findings.odd_boxes(replace(good, faces=faces), points))
    assert [each.file for each in found] == ["001.jpg", "002.jpg"]
    assert found[0].what == "0 of 68 points lie in the box" and "times as large" in found[1].what


def test_few_faces_and_few_points_are_never_odd():
    points = annotated()[1]
    points[0, 0] += 200
    assert not list(findings.shapes(of(points[:4]), points[:4], IBUG))
    assert not list(findings.shapes(of(points[:, :2]), points[:, :2], IBUG))
