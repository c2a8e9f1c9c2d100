"""Maps are Gaussians about their points, and descent on them finds these."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from keypoints.models import codecs
from keypoints.settings.recipes import Codec
from tests.models.codecs.samples import SIZE, draw, heatmap, quick, seeds


@quick
@given(seeds)
def test_maps_give_interior_points_back(seed: int) -> None:
    """To 0.05 px: from 4 sigma inside the edge, what is cut off of the Gaussian moves its mean less."""
    codec = heatmap()
    points = draw(seed, low=0.2, high=0.8)
    maps = codec.encode(points)
    assert maps.shape == (3, codec.output_spec.count, *codec.output_spec.map_size) == (3, 4, 16, 24)
    for constant in (0.0, 7.0):  # an output is the logarithm up to a constant
        torch.testing.assert_close(codec.decode(maps.log() + constant), points, atol=0.05, rtol=0)


@quick
@given(seeds, st.floats(1, 1e4))
def test_maps_are_probabilities_wherever_the_points_lie(seed: int, far: float) -> None:
    maps = heatmap().encode(draw(seed, low=-far, high=1 + far))
    assert torch.isfinite(maps).all() and (maps >= 0).all()
    torch.testing.assert_close(maps.sum((2, 3)), torch.ones(3, 4))


def test_maps_are_round_in_pixels_of_the_crop() -> None:
    """Crop 96 x 64, map 24 x 16: the spread is sigma * 96 pixels both ways."""
    config = Codec("heatmap", "squared", sigma=0.04, map_size=[96, 64])
    maps = codecs.build(config, 1, SIZE).encode(torch.tensor([[[48.0, 30.0]]]))[0, 0]
    for axis, middle in ((0, 48.0), (1, 30.0)):
        side = torch.arange(len(maps.sum(axis)))
        deviation = (maps.sum(axis) * (side - middle).square()).sum().sqrt()
        torch.testing.assert_close(deviation, torch.tensor(0.04 * 96), atol=0.02, rtol=0)


@pytest.mark.parametrize("loss, weight", [("cross_entropy", 0.0), ("squared", 0.0), ("cross_entropy", 1.0)])
def test_descent_on_the_maps_finds_the_points(loss: str, weight: float) -> None:
    codec, points = heatmap(loss=loss, weight=weight), draw(1, faces=1, low=0.25, high=0.75)
    target = codec.encode(points)
    logits = torch.zeros(target.shape, requires_grad=True)
    optimizer = torch.optim.Adam([logits], lr=0.3)
    for _ in range(150):
        optimizer.zero_grad()
        codec.loss(logits, target).backward()
        optimizer.step()
    assert (codec.decode(logits) - points).abs().max() < 1.0
    assert (codec.decode(torch.zeros_like(logits)) - points).abs().max() > 5
