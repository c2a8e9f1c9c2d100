"""The constants in the code are those that results/boxes.md says were measured."""

from __future__ import annotations

import re
from importlib import import_module

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keypoints import crops
from keypoints.paths import ROOT
from keypoints.predict import detectors, framing
from keypoints.predict.detectors import dlib_hog
from keypoints.predict.faces import presence

PAGE = (ROOT / "results/boxes.md").read_text()


def row(detector: str) -> list[float]:
    """Side, right and down of a detector's first row."""
    line = next(line for line in PAGE.splitlines() if line.startswith(f"| {detector} |"))
    return [float(cell) for cell in line.split("|")[2:5]]


@pytest.mark.parametrize("name", ["faces", "mtcnn", "haar", "centerface"])
def test_detectors_are_calibrated_as_measured(name):
    assert list(import_module(detectors.DETECTORS[name].module).CALIBRATION) == row(name)


def test_what_tells_a_face_is_as_measured():
    rows = re.findall(r"^\| (?:as it is|logarithm.*) \| ([-\d.]+) \| ([-\d.]+) \|$", PAGE, re.M)
    by_glance, by_look = (tuple(map(float, column)) for column in zip(*rows[:3], strict=True))
    assert (by_glance, by_look) == (presence.GLANCE, presence.LOOK)


def test_the_documentation_says_when_a_box_is_left_out():
    text = " ".join((ROOT / "docs/photographs.md").read_text().split())
    glance, look = (f"{100 * least:.0f} %" for least in (presence.WORTH, presence.LEAST))
    assert f"Below {glance} by a glance, or {look} by a look" in text
    assert f"the glance alone decides, by {look}" in text


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
