"""Smooth maps of the plane: they meet their points, and invert where they are stiff."""

from __future__ import annotations

import numpy as np
import pytest

from keypoints.overlays import warping


def test_splines_meet_their_points():
    rng = np.random.default_rng(0)
    source, target = rng.normal(size=(2, 9, 2))
    assert warping.fit(source, target)(source) == pytest.approx(target, abs=1e-6)
    there, back = warping.fit(source, target, np.inf), warping.fit(target, source, np.inf)
    assert back(there(source)) == pytest.approx(source)
    moved = source @ [[0, 3], [-3, 0]] + 7
    assert warping.fit(source, moved, 5.0)(target) == pytest.approx(target @ [[0, 3], [-3, 0]] + 7)


def test_a_line_is_resampled_at_equal_distances():
    line = np.array([[0, 0], [4, 0], [4, 6]], float)
    assert warping.resample(line, 6).tolist() == [[0, 0], [2, 0], [4, 0], [4, 2], [4, 4], [4, 6]]
