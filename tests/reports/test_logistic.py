"""A curve is found again out of what follows it."""

from __future__ import annotations

import numpy as np
import pytest

from keypoints.reports import logistic


def test_the_numbers_that_made_the_hits_are_found() -> None:
    rng = np.random.default_rng(0)
    features, numbers = rng.normal(size=(20_000, 3)), np.array([0.5, -1.5, 2.0])
    hits = rng.random(len(features)) < 1 / (1 + np.exp(-features @ numbers))
    assert logistic.fit(features, hits) == pytest.approx(numbers, abs=0.1)
