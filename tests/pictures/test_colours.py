"""Colours as text and as numbers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keypoints.pictures import colours

ON_PHOTOGRAPHS = (colours.TRUTH, colours.PREDICTED, colours.BOX, colours.FOUND)
ALL = (*ON_PHOTOGRAPHS, colours.BETTER, colours.WORSE, *colours.LINES)


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_text_becomes_its_three_numbers(rgb):
    assert colours.to_rgb("#{:02X}{:02x}{:02X}".format(*rgb)) == rgb


def test_colours_differ_also_without_their_hue():
    pair = map(colours.to_rgb, (colours.TRUTH, colours.PREDICTED))
    grey = [0.3 * r + 0.59 * g + 0.11 * b for r, g, b in pair]
    assert abs(grey[0] - grey[1]) > 20
    assert len(set(ALL)) == len(ALL)


@pytest.mark.parametrize("room", ["plots", "predict", "reports"])
def test_pictures_take_their_colours_from_here(room):
    folder = Path(colours.__file__).parents[1] / room
    for file in folder.rglob("*.py"):
        assert not re.search(r"#[0-9A-Fa-f]{6}\b", file.read_text()), file
