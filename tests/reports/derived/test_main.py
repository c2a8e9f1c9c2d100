"""The constants in the code are those that results/derived.md says were measured."""

from __future__ import annotations

import numpy as np
import pytest

from keypoints.landmarks import IBUG
from keypoints.paths import ROOT
from keypoints.predict.faces import confidence
from keypoints.predict.faces.pose import HALF, HEAD
from keypoints.reports.derived import __main__ as derived
from keypoints.reports.derived import mean_head
from keypoints.synthetic import wild
from keypoints.synthetic.head import HALF as DRAWN
from keypoints.synthetic.head import Head, Person, Pose

PAGE = (ROOT / "results/derived.md").read_text()


def row(name: str) -> list[float]:
    line = next(line for line in PAGE.splitlines() if line.startswith(f"| {name} |"))
    return [float(cell) for cell in line.split("|")[2:-1]]


@pytest.mark.parametrize("k", HALF)
def test_the_mean_head_is_the_measured_one(k: int) -> None:
    assert row(str(k)) == pytest.approx(HALF[k], abs=0.0015)


def test_the_curve_of_confidence_is_the_measured_one() -> None:
    numbers = {**confidence.REGIONS, "own answers": confidence.OWN, "all answers": confidence.ALL}
    assert {name: row(name) for name in numbers} == {name: [value] for name, value in numbers.items()}


def depth(head: dict[int, tuple[float, ...]]) -> float:
    """The nose tip before the line from the eyes to the mouth."""
    eye, mouth, tip = head[36], head[48], head[30]
    share = (tip[1] - eye[1]) / (mouth[1] - eye[1])
    return tip[2] - eye[2] - share * (mouth[2] - eye[2])


def test_the_mean_head_of_drawn_people_is_found_out_of_their_points(monkeypatch) -> None:
    """Though nobody is like it, all look elsewhere, and marks are noisy."""
    monkeypatch.setattr(mean_head, "ROUNDS", 10)
    rng = np.random.default_rng(0)
    faces = []
    for _ in range(150):
        shown = Pose(100, 100, 60, *np.clip(rng.normal(0, (20, 9, 10)), -50, 50))
        faces.append(Head(Person.random(rng), wild.expression(rng), shown).ibug)
    found = mean_head.factor(np.array(faces) + rng.normal(0, 1.2, (150, 68, 2)))
    names = dict(zip(mean_head.STABLE, map(tuple, found), strict=True))
    assert depth(names) == pytest.approx(depth(DRAWN), rel=0.1)
    assert found[mean_head.EYES[1]] == pytest.approx((0.5, 0, 0), abs=1e-6)
    assert len(HEAD) == len(found)


def test_a_curve_is_found_again_out_of_what_follows_it() -> None:
    rng = np.random.default_rng(0)
    apart = rng.gamma(2.0, 1.0, (500, 68)) * rng.gamma(4.0, 0.25, (500, 1))
    near = rng.random((500, 68)) < confidence.of_points(apart)
    expected = [*confidence.REGIONS.values(), confidence.OWN, confidence.ALL]
    assert derived.fit_curve(apart, near) == pytest.approx(expected, abs=0.3)


def test_what_lies_apart_more_with_the_error_correlates_less() -> None:
    apart = np.linspace(0.1, 5, 10 * IBUG.points).reshape(10, -1)
    assert derived.correlate(-apart, apart**2) == pytest.approx(-1)
