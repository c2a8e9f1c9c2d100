"""The constants in the code are those that results/boxes.md says were measured."""

from __future__ import annotations

import re
from importlib import import_module

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keypoints import crops
from keypoints.datasets import scenes
from keypoints.paths import ROOT
from keypoints.predict import detectors, framing
from keypoints.predict.detectors import dlib_hog
from keypoints.reports import box_study
from keypoints.synthetic.head import Expression, Head, Person, Pose

PAGE = (ROOT / "results/boxes.md").read_text()


def row(detector: str) -> list[float]:
    """Side, right and down of a detector's first row."""
    line = next(line for line in PAGE.splitlines() if line.startswith(f"| {detector} |"))
    return [float(cell) for cell in line.split("|")[2:5]]


@pytest.mark.parametrize("name", ["faces", "mtcnn", "haar", "centerface"])
def test_detectors_are_calibrated_as_measured(name):
    assert list(import_module(detectors.DETECTORS[name][0]).CALIBRATION) == row(name)


@given(st.floats(-180, 180), st.booleans())
def test_the_true_box_of_a_turned_or_mirrored_face(roll, flip):
    """It lies about the turned middle of the box in the photograph; dlib's own lies a little to one side."""
    face = Head(Person(), Expression(), Pose(300, 200, 80)).ibug
    box = crops.dlib_box(face)
    matrix = scenes.place(box, 90.0, roll, flip, np.array([50.0, 60.0]))
    placed = scenes.PlacedFace(crops.apply(matrix, face), roll, 0.0, flip)
    left, top, *sides = box_study.upright_box(placed)
    assert sides == pytest.approx([90, 90], rel=0.02)
    assert (left + 45, top + 45) == pytest.approx((50, 60), abs=5)


def test_dlib_is_itself():
    assert list(dlib_hog.CALIBRATION) == pytest.approx(row("dlib"), abs=0.02)


def test_the_frame_of_imm_is_the_measured_one():
    text = " ".join(PAGE.split())
    found = re.search(
        r"\(medians\): ([\d.]+) sides wide, their middle ([-\d.]+) sides .* and ([-\d.]+) down", text
    )
    assert found
    frame = framing.FRAME_WIDTH, framing.FRAME_RIGHT, framing.FRAME_DOWN
    assert frame == tuple(map(float, found.groups()))


def test_a_box_is_itself_in_its_own_terms():
    assert crops.relate((10.0, 20.0, 30.0, 30.0), (10.0, 20.0, 30.0, 30.0)) == (1.0, 0.0, 0.0)


@given(st.floats(0.5, 2), st.floats(-0.3, 0.3), st.floats(-0.3, 0.3))
def test_a_shifted_box_is_seen_as_it_was_shifted(scale, right, down):
    box = (10.0, 20.0, 30.0, 30.0)
    found = crops.relate(box, crops.shift(box, scale, right, down))
    assert found == pytest.approx((scale, right, down))


def test_the_nearest_box_must_share_a_third():
    box, near, far = (0.0, 0.0, 10.0, 10.0), (1.0, 0.0, 10.0, 10.0), (8.0, 0.0, 10.0, 10.0)
    assert box_study.find_nearest([far, near], box) == 1
    assert box_study.find_nearest([far], box) is box_study.find_nearest([], box) is None
