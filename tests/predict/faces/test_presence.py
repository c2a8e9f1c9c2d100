"""What is a face: the surer the detector and the less the doubt, the likelier."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keypoints.predict.faces import presence

DOUBTS, SCORES = st.floats(0, 1e4), st.floats(0, 1)


@pytest.mark.parametrize("curve", [presence.LOOK, presence.GLANCE])
@given(DOUBTS, DOUBTS, SCORES, SCORES)
def test_it_is_a_chance_that_rises_with_the_score_and_falls_with_the_doubt(
    curve, doubt, other, score, another
):
    low, high = sorted((doubt, other))
    unsure, sure = sorted((score, another))
    assert 0 <= curve.chance(high, unsure) <= curve.chance(low, unsure) <= 1
    assert curve.chance(high, unsure) <= curve.chance(high, sure)


@given(SCORES)
def test_what_is_in_little_doubt_is_a_face_however_unsure_the_detector(score):
    """In half of what 99 of 100 faces have at most."""
    assert presence.LOOK.chance(0.5, score) >= presence.LEAST
    assert presence.GLANCE.chance(0.5, score) >= presence.WORTH
