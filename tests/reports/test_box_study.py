"""The constants in the code are those that results/boxes.md says were measured."""

from __future__ import annotations

import re

import pytest

from keypoints.paths import ROOT
from keypoints.predict import framing
from keypoints.predict.detectors import dlib_hog, haar
from keypoints.reports import box_study

PAGE = (ROOT / "results/boxes.md").read_text()


def row(detector: str) -> list[float]:
    """Side, right and down of a detector's first row."""
    line = next(line for line in PAGE.splitlines() if line.startswith(f"| {detector} |"))
    return [float(cell) for cell in line.split("|")[2:5]]


def test_haar_is_calibrated_as_measured():
    assert list(haar.CALIBRATION) == row("haar")


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
    assert box_study.relative_box((10.0, 20.0, 30.0, 30.0), (10.0, 20.0, 30.0, 30.0)) == (1.0, 0.0, 0.0)
