"""Maps as distributions: their mean, how they spread, and what an error costs."""

from __future__ import annotations

import math

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from keypoints.models.codecs.coordinates import SoftArgmax
from tests.models.codecs.samples import distribution, draw, quick


def blot(middle: tuple[float, float], axes: tuple[float, float], degrees: float) -> torch.Tensor:
    """A map (1, 1, 60, 80) of an oblong Gaussian; middle and axes in shares of its sides."""
    y, x = torch.meshgrid((torch.arange(60) + 0.5) / 60, (torch.arange(80) + 0.5) / 80, indexing="ij")
    turn = torch.polar(torch.ones(()), torch.deg2rad(torch.tensor(-degrees)))
    along = ((x - middle[0]) + 1j * (y - middle[1])) * turn
    return (-((along.real / axes[0]) ** 2 + (along.imag / axes[1]) ** 2) / 2).exp()[None, None]


@quick
@given(
    st.floats(0.4, 0.6), st.floats(0.4, 0.6), st.floats(0.02, 0.08), st.floats(0.02, 0.08), st.floats(0, 180)
)
def test_mean_and_covariance_of_a_map_are_the_gaussians(
    x: float, y: float, long: float, short: float, degrees: float
) -> None:
    maps = blot((x, y), (long, short), degrees)
    codec = distribution()
    output = SoftArgmax(codec)(maps.log())
    torch.testing.assert_close(
        codec.decode(output)[0, 0], torch.tensor([96 * x, 64 * y]) - 0.5, atol=0.02, rtol=0
    )
    angle = math.radians(degrees)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    expected = 1e4 * turn @ np.diag([long**2, short**2]) @ turn.T
    xx, yy, xy = output[0, 2:].tolist()
    np.testing.assert_allclose([[xx, xy], [xy, yy]], expected, atol=0.05)


def test_an_error_along_a_wide_map_costs_less_than_one_across_it() -> None:
    codec = distribution()
    output = SoftArgmax(codec)(blot((0.5, 0.5), (0.06, 0.01), 30).log())
    angle = math.radians(30)
    along, across = (
        codec.loss(output, output[:, :2] + 3 * torch.tensor([direction]))
        for direction in ((math.cos(angle), math.sin(angle)), (-math.sin(angle), math.cos(angle)))
    )
    right = codec.loss(output, output[:, :2])
    assert right < along < across
    sharp = SoftArgmax(codec)(blot((0.5, 0.5), (0.01, 0.01), 0).log())
    assert codec.loss(sharp, sharp[:, :2]) < right  # who is right had better be sure


def test_descent_widens_a_map_as_far_as_the_points_are_spread() -> None:
    codec, points = distribution(), draw(1, faces=200, low=0.45, high=0.55)[:, :1]
    points[..., 0] += 6 * torch.randn(200, 1)
    target = codec.encode(points)
    logits = torch.zeros(1, 1, 16, 24, requires_grad=True)
    optimizer = torch.optim.Adam([logits], lr=0.3)
    for _ in range(200):
        optimizer.zero_grad()
        codec.loss(SoftArgmax(codec)(logits).expand(200, -1), target).backward()
        optimizer.step()
    found = SoftArgmax(codec)(logits.detach())
    assert (codec.decode(found)[0, 0] - points.median(0).values[0]).abs().max() < 2
    assert found[0, 2] > 4 * found[0, 3] > 0


def test_a_distribution_is_computed_exactly_also_in_mixed_precision() -> None:
    """A narrow map, and a point at the other end: rounded to 16 bits, the distance could be negative."""
    codec = distribution(4)
    maps = 30 * torch.rand((50, 4, 16, 24), generator=torch.Generator().manual_seed(0))
    target = codec.encode(draw(3, faces=50, low=-1, high=2))
    with torch.autocast("cpu", torch.bfloat16):
        mixed = SoftArgmax(codec)(maps)
    torch.testing.assert_close(mixed, SoftArgmax(codec)(maps))
    assert codec.loss(mixed, target).isfinite()


def test_a_distribution_ignores_points_that_a_face_lacks() -> None:
    codec, fewer = distribution(4), distribution(3)
    maps = torch.rand(3, 4, 16, 24).requires_grad_()
    points = draw(0)
    points[:, 3] = torch.nan
    loss = codec.loss(SoftArgmax(codec)(maps), codec.encode(points))
    other = fewer.loss(SoftArgmax(fewer)(maps[:, :3]), fewer.encode(points[:, :3]))
    torch.testing.assert_close(loss, other)
    (gradient,) = torch.autograd.grad(loss, maps)
    assert gradient.isfinite().all() and not gradient[:, 3].any() and gradient.any()
    whole = draw(2)
    torch.testing.assert_close(codec.decode(codec.perfect(codec.encode(whole))), whole, atol=1e-3, rtol=0)
