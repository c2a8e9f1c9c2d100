"""What is a face: the surer the detector and the more clearly a net sees one, the likelier."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keypoints.predict.faces import presence

SCORES = st.floats(0, 1)
# What a net sees, from what speaks least for a face to what speaks most for it.
SEEN = {"look": st.floats(0, 1e4).map(lambda doubt: -doubt), "glance": st.floats(1e-4, 1)}
CHANCES = {
    "look": lambda seen, score: presence.by_look(-seen, score),
    "glance": presence.by_glance,
}


@pytest.mark.parametrize("kind", SEEN)
@given(st.data(), SCORES, SCORES)
def test_it_is_a_chance_that_rises_with_the_score_and_with_what_is_seen(kind, data, score, another):
    less, more = sorted(data.draw(st.tuples(SEEN[kind], SEEN[kind])))
    unsure, sure = sorted((score, another))
    chance = CHANCES[kind]
    assert 0 <= chance(less, unsure) <= chance(more, unsure) <= 1
    assert chance(less, unsure) <= chance(less, sure)


@given(SCORES)
def test_what_is_clearly_seen_is_a_face_however_unsure_the_detector(score):
    """With half the doubt that 99 of 100 faces have at most; by a glance, as clearly as most faces."""
    assert presence.by_look(0.5, score) >= presence.LEAST
    assert presence.by_glance(0.55, score) >= presence.WORTH
