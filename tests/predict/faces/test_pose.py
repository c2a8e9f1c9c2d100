"""How a head is turned, tried on drawn faces, whose pose is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keypoints.landmarks import IBUG
from keypoints.predict.faces import pose
from keypoints.predict.faces.pose import Pose
from keypoints.synthetic import head as drawn

ANGLE = st.floats(-45, 45)
TILT = st.floats(-15, 15)


def points(yaw: float, pitch: float, roll: float, who: drawn.Person | None = None) -> np.ndarray:
    shown = drawn.Pose(100, 80, 60, yaw, pitch, roll)
    return drawn.Head(who or drawn.Person(), drawn.Expression(), shown).ibug


def estimate(points: np.ndarray) -> np.ndarray:
    found = pose.estimate(points)
    assert found is not None
    return np.array([found.yaw, found.pitch, found.roll])


@pytest.mark.parametrize("yaw", [-45, -30, -15, 0, 15, 30, 45])
def test_drawn_faces_are_turned_as_they_were_drawn(yaw: int) -> None:
    """Within 4 degrees, on average over people; and nobody's yaw is much farther off."""
    rng = np.random.default_rng(7)
    missed = []
    for _ in range(60):
        truth = yaw, rng.uniform(-15, 15), rng.uniform(-40, 40)
        missed.append(np.abs(estimate(points(*truth, drawn.Person.random(rng))) - truth))
    assert (np.mean(missed, axis=0) < 4).all()
    assert np.max(missed, axis=0)[0] < 6


@settings(deadline=None)
@given(
    yaw=st.floats(-75, 75), pitch=st.floats(-40, 40), roll=st.floats(-179, 179), scale=st.floats(1e-3, 1e3)
)
def test_the_mean_head_itself_is_read_exactly_at_any_size_and_place(yaw, pitch, roll, scale) -> None:
    truth = Pose(yaw, pitch, roll)
    seen = np.zeros((68, 2))
    seen[list(pose.STABLE)] = (pose.HEAD @ truth.matrix.T)[:, :2] * scale + 7
    assert estimate(seen) == pytest.approx([yaw, pitch, roll], abs=1e-3)


@settings(deadline=None)
@given(yaw=ANGLE, pitch=TILT, roll=ANGLE)
def test_a_mirror_turns_yaw_and_roll_round(yaw, pitch, roll) -> None:
    face = points(yaw, pitch, roll)
    assert estimate(IBUG.mirror(face, 200)) == pytest.approx(estimate(face) * [-1, 1, -1], abs=1e-3)


@settings(deadline=None)
@given(yaw=ANGLE, pitch=TILT, more=st.floats(-170, 170))
def test_turning_the_picture_adds_to_roll_alone(yaw, pitch, more) -> None:
    face = points(yaw, pitch, 0)
    turned = face @ pose.turn(2, np.radians(more))[:2, :2].T
    change = estimate(turned) - estimate(face) - [0, 0, more]
    change[2] = (change[2] + 180) % 360 - 180
    assert change == pytest.approx([0, 0, 0], abs=1e-3)


@given(yaw=st.floats(-179, 179), pitch=st.floats(-89, 89), roll=st.floats(-179, 179))
def test_a_matrix_tells_its_angles(yaw, pitch, roll) -> None:
    found = Pose.of(Pose(yaw, pitch, roll).matrix)
    assert (found.yaw, found.pitch, found.roll) == pytest.approx((yaw, pitch, roll), abs=1e-6)


def test_the_axes_are_those_of_the_drawn_heads() -> None:
    """Positive yaw to the picture's right, pitch down, roll clockwise."""
    for angles in ((30, 0, 0), (0, 20, 0), (0, 0, 40), (30, 20, 40)):
        head = drawn.Head(drawn.Person(), drawn.Expression(), drawn.Pose(0, 0, 1, *angles))
        there = head.project(drawn.CENTRE + np.eye(3))
        np.testing.assert_allclose(there, Pose(*angles).matrix[:2].T, atol=1e-12)


@pytest.mark.parametrize("place", [3.0, np.nan, np.inf])
def test_points_on_one_spot_or_nowhere_have_no_pose(place: float) -> None:
    assert pose.estimate(np.full((68, 2), place, np.float32)) is None
