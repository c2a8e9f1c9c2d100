"""Faces become maps and faces again; what does not count is not learned."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from keypoints import crops
from keypoints.errors import UserError
from keypoints.models import codecs
from keypoints.models.codecs.centres import MAPS, RARE, STRIDE, Centres
from keypoints.settings.recipes import Codec

SIZE = (160, 96)  # width, height
CODEC = codecs.build(Codec("centres", "focal", sigma=0.12), 2, SIZE)
assert isinstance(CODEC, Centres)
quick = settings(max_examples=25, deadline=None)
sides, rolls = st.floats(8, 90), st.floats(-179, 179)


def face(x: float, y: float, side: float = 30.0, roll: float = 0.0, counts: float = 1.0) -> list[float]:
    """A row of what several faces are encoded from."""
    axis = crops.axis((x + 0.5 - side / 2, y + 0.5 - side / 2, side, side), roll)
    return [*axis.ravel().tolist(), counts]


def scene(*faces: list[float]) -> Tensor:
    """One scene (1, F, 5), with room for one face more."""
    return torch.tensor([[*faces, [float("nan")] * 5]])


@quick
@given(st.floats(4, 155), st.floats(4, 91), sides, rolls)
def test_a_face_comes_back(x: float, y: float, side: float, roll: float) -> None:
    points = torch.tensor([face(x, y, side, roll)])[:, :4].unflatten(1, (2, 2))
    target = CODEC.encode(points)
    assert target.shape == (1, 8, SIZE[1] // STRIDE, SIZE[0] // STRIDE)
    torch.testing.assert_close(CODEC.decode(CODEC.perfect(target)), points, atol=1e-3, rtol=1e-4)


def test_several_faces_come_back_and_no_more() -> None:
    faces = [face(30, 40, 20, 10), face(90, 50, 40, -80), face(140, 80, 12, 170)]
    found = CODEC.find(CODEC.perfect(CODEC.encode(scene(*faces))), 5)[0]
    assert ((found[:, 4] > 0.9) == torch.tensor([True] * 3 + [False] * 2)).all()
    seen = sorted(found[:3, :4].tolist())
    np.testing.assert_allclose(seen, sorted(row[:4] for row in faces), atol=1e-3)


def test_what_counts_not_is_neither_learned_nor_held_against_the_net() -> None:
    target = CODEC.encode(scene(face(80, 48, counts=0)))
    assert not target[:, 0].any() and not target[:, -2].any()
    assert target[0, -1, 12, 20] == 0 and target[0, -1, 0, 0] == 1
    blind, seeing = torch.zeros(1, MAPS, 24, 40) - 9, torch.zeros(1, MAPS, 24, 40) - 9
    seeing[0, 0, 12, 20] = 9
    assert CODEC.loss(blind, target) == CODEC.loss(seeing, target)


@quick
@given(st.integers(0, 2**31 - 1))
def test_the_loss_is_least_at_the_truth(seed: int) -> None:
    target = CODEC.encode(scene(face(40, 40, 30, 15), face(110, 60, 50, -60)))
    right = CODEC.perfect(target)
    noise = torch.randn(right.shape, generator=torch.Generator().manual_seed(seed))
    assert CODEC.loss(right, target) < CODEC.loss(right + noise, target)


def test_an_unlabelled_face_that_the_net_is_sure_of_costs_nothing() -> None:
    target = CODEC.encode(scene(face(30, 40)))
    right = CODEC.perfect(target)
    sure, unsure = right.clone(), right.clone()
    sure[0, 0, 12, 35], unsure[0, 0, 12, 35] = RARE + 4, RARE
    assert CODEC.loss(sure, target) <= CODEC.loss(right, target) < CODEC.loss(unsure, target)


@pytest.mark.parametrize("points, sigma", [(68, 0.1), (2, 0.0)])
def test_other_points_are_refused(points: int, sigma: float) -> None:
    with pytest.raises(UserError, match="centres needs the points axis2"):
        codecs.build(Codec("centres", "focal", sigma=sigma), points, SIZE)
