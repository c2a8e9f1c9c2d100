"""Confidence: a chance that falls as two answers lie farther apart."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from keypoints.landmarks import IBUG, NOSE
from keypoints.predict.faces import confidence
from keypoints.predict.faces.face import Face

APART = arrays(np.float64, 68, elements=st.floats(0, 500))


@given(apart=APART, k=st.integers(0, 67), more=st.floats(0.5, 100))
def test_it_is_a_chance_and_falls_for_all_as_one_point_is_less_sure(apart, k, more) -> None:
    before = confidence.of_points(apart)
    apart = apart.copy()
    apart[k] += more
    after = confidence.of_points(apart)
    assert ((before > 0) & (before < 1)).all() and (after < before).all()


@given(apart=APART)
def test_many_faces_are_answered_as_one_by_one_and_mirrored_ones_alike(apart) -> None:
    mirrored = apart[list(IBUG.partners)]
    both = confidence.of_points(np.stack([apart, mirrored]))
    np.testing.assert_allclose(both[0], confidence.of_points(apart))
    np.testing.assert_allclose(both[1], both[0][list(IBUG.partners)])


def test_a_face_has_one_where_two_answers_were_asked_for() -> None:
    there = (0.0, 0.0, 9.0, 9.0), 1.0, np.random.default_rng(0).random((68, 2)), IBUG.names()
    sure = Face(*there, np.full(68, 1.0))
    assert sure.confidence is not None and sure.confidences is not None
    assert sure.confidence == sure.confidences.mean() and sure.doubt == 1
    assert Face(*there).confidence is Face(*there).confidences is None and Face(*there).doubt == 0
    assert Face(there[0], 1.0, np.zeros((1, 2)), NOSE.names(), np.zeros(1)).confidence is None
