"""Codecs undo themselves, and their losses are least at the truth."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from keypoints.errors import UserError
from keypoints.models import codecs
from keypoints.recipes import Codec

quick = settings(max_examples=20, deadline=None)
seeds = st.integers(0, 2**31 - 1)
sizes = st.tuples(st.integers(8, 300), st.integers(8, 300))
SIZE = (96, 64)  # width, height of the crop


def draw(seed: int, faces: int = 3, points: int = 4, low: float = 0.0, high: float = 1.0) -> Tensor:
    """(faces, points, 2), pixels of a crop of SIZE; `low` and `high` are shares of its sides."""
    generator = torch.Generator().manual_seed(seed)
    positions = low + (high - low) * torch.rand((faces, points, 2), generator=generator)
    return positions * torch.tensor(SIZE) - 0.5


def heatmap(points: int = 4, loss: str = "cross_entropy", weight: float = 0.0) -> codecs.Heatmap:
    config = Codec("heatmap", loss, sigma=0.04, map_size=[24, 16], coordinate_weight=weight)
    return codecs.build(config, points, SIZE)


@quick
@given(seeds, sizes, st.floats(0.01, 1000), st.floats(-5, 5))
def test_coordinates_come_back(seed: int, size: tuple[int, int], scale: float, offset: float) -> None:
    codec = codecs.build(Codec("coordinates", "l1", scale=scale, offset=offset), 4, size)
    points = draw(seed, low=-1, high=2)
    target = codec.encode(points)
    assert target.shape == (3, codec.output_spec.count) == (3, 8)
    torch.testing.assert_close(codec.decode(target), points, atol=1e-3, rtol=1e-4)


def test_coordinates_are_edge_to_edge_and_in_the_order_x0_y0_x1_y1() -> None:
    codec = codecs.build(Codec("coordinates", "l1", scale=100.0, offset=0.5), 2, SIZE)
    corners = torch.tensor([[[-0.5, -0.5], [95.5, 31.5]]])
    torch.testing.assert_close(codec.encode(corners), torch.tensor([[-50.0, -50.0, 50.0, 0.0]]))


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


def pca(faces: Tensor, components: int, **more: object) -> codecs.Pca:
    codec = codecs.build(Codec("pca", "mse", components=components, **more), faces.shape[1], SIZE)
    codec.fit(faces)
    return codec


@quick
@given(seeds, st.floats(0.1, 100))
def test_all_components_give_training_shapes_back(seed: int, scale: float) -> None:
    faces = draw(seed, faces=20)
    codec = pca(faces, 8, scale=scale)
    target = codec.encode(faces)
    assert target.shape == (20, codec.output_spec.count) == (20, 8)
    torch.testing.assert_close(codec.decode(target), faces, atol=0.01, rtol=0)
    torch.testing.assert_close(target.mean(0), torch.zeros(8), atol=1e-3, rtol=0)
    torch.testing.assert_close(target.std(0), codec["deviation"], atol=1e-3 * scale, rtol=1e-3)


@quick
@given(seeds)
def test_more_components_hold_more(seed: int) -> None:
    faces = draw(seed, faces=20)
    made = [pca(faces, k) for k in range(1, 9)]
    shares = [float(codec["explained"]) for codec in made]
    errors = [float((codec.decode(codec.encode(faces)) - faces).square().mean()) for codec in made]
    assert all(0 < share <= 1 + 1e-6 for share in shares) and shares == sorted(shares)
    assert errors == sorted(errors, reverse=True)
    assert abs(shares[-1] - 1) < 1e-5


def test_pca_state_round_trip() -> None:
    faces = draw(0, faces=20)
    fitted = pca(faces, 3)
    other = codecs.build(Codec("pca", "mse", components=3), 4, SIZE)
    assert not torch.allclose(other.encode(faces), fitted.encode(faces))
    other.restore(fitted.state())
    torch.testing.assert_close(other.encode(faces), fitted.encode(faces), rtol=0, atol=0)
    assert all(isinstance(value, Tensor) for value in fitted.state().values())


def test_pca_wants_enough_faces() -> None:
    with pytest.raises(UserError, match="components"):
        pca(draw(0, faces=3), 4)
    with pytest.raises(UserError, match="components"):
        pca(draw(0, faces=30), 9)


def every_codec() -> dict[str, codecs.Codec]:
    made = {
        f"coordinates {loss}": codecs.build(Codec("coordinates", loss, scale=100.0), 4, SIZE)
        for loss in codecs.ELEMENTWISE
    }
    for loss in ("cross_entropy", "squared"):
        made[f"heatmap {loss}"] = heatmap(loss=loss)
        made[f"heatmap {loss} weighted"] = heatmap(loss=loss, weight=1.0)
    return made | {"pca": pca(draw(9, faces=20), 3)}


@pytest.mark.parametrize("name, codec", every_codec().items())
@settings(max_examples=5, deadline=None)
@given(seed=seeds)
def test_the_loss_is_least_at_the_truth(name: str, codec: codecs.Codec, seed: int) -> None:
    target = codec.encode(draw(seed, low=0.1, high=0.9))
    truth = target.clamp_min(1e-30).log() if "heatmap" in name else target
    least = codec.loss(truth, target)
    assert torch.isfinite(least)
    if "cross_entropy" not in name:
        assert float(least) < 1e-5
    noise = torch.randn(truth.shape, generator=torch.Generator().manual_seed(seed))
    output = (truth + noise).requires_grad_()
    loss = codec.loss(output, target)
    loss.backward()
    assert loss > least
    assert torch.isfinite(output.grad).all() and output.grad.abs().max() > 0


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


@pytest.mark.parametrize("column, row", [(0, 0), (23, 15), (7, 3)])
def test_a_sharp_peak_is_its_cells_middle(column: int, row: int) -> None:
    codec = codecs.build(Codec("coordinates", "l1", scale=100.0, offset=0.5), 1, SIZE)
    maps = torch.zeros(1, 1, 16, 24)
    maps[..., row, column] = 100
    points = codec.decode(codecs.SoftArgmax(codec)(maps))
    torch.testing.assert_close(points, torch.tensor([[[4 * column + 1.5, 4 * row + 1.5]]]))


def test_wing_is_continuous_and_grows() -> None:
    zero = torch.zeros(1)

    def wing(error: float) -> float:
        return float(codecs.wing(torch.tensor([error]), zero))

    assert wing(0.0) == 0
    assert wing(5 + 1e-4) - wing(5 - 1e-4) == pytest.approx(0, abs=2e-3)
    assert wing(9.0) - wing(8.0) == pytest.approx(1, abs=1e-5)  # outside: slope 1
    assert wing(-3.0) == wing(3.0)
    steps = [wing(k / 4) for k in range(60)]
    assert steps == sorted(steps) and len(set(steps)) == 60


@pytest.mark.parametrize(
    "config, words",
    [
        (Codec("coordinates", "cross_entropy"), "codec.loss"),
        (Codec("pca", "squared"), "codec.loss"),
        (Codec("heatmap", "l1", sigma=0.1, map_size=[8, 8]), "codec.loss"),
        (Codec("heatmap", "squared", sigma=0.1), "map_size"),
        (Codec("heatmap", "squared", map_size=[8, 8]), "sigma"),
        (Codec("distribution", "l1", sigma=0.01), "codec.loss"),
        (Codec("distribution", "laplace"), "sigma"),
    ],
)
def test_combinations_without_sense_are_refused(config: Codec, words: str) -> None:
    with pytest.raises(UserError, match=words) as caught:
        codecs.build(config, 4, SIZE)
    assert "\n" not in str(caught.value)


GAPPED = {
    **{loss: Codec("coordinates", loss, scale=50.0) for loss in ("mse", "l1", "smooth_l1", "wing")},
    "maps": Codec("heatmap", "cross_entropy", sigma=0.04, map_size=[24, 16], coordinate_weight=1.0),
    "squared": Codec("heatmap", "squared", sigma=0.04, map_size=[24, 16]),
}


@pytest.mark.parametrize("config", GAPPED.values(), ids=GAPPED)
def test_a_point_that_a_face_lacks_adds_nothing_to_the_loss(config: Codec) -> None:
    """The loss of faces that lack their last point is that of the other points; so are gradients."""
    codec, fewer = codecs.build(config, 4, SIZE), codecs.build(config, 3, SIZE)
    points, found = draw(0, low=0.2, high=0.8), draw(1, low=0.2, high=0.8)
    points[:, 3] = torch.nan
    output = codec.encode(found).clamp_min(1e-6)
    output = output.log() if codec.output_spec.map_size else output
    output.requires_grad_()
    loss = codec.loss(output, codec.encode(points))
    cut = output.unflatten(1, (4, -1))[:, :3].flatten(1, 2) if output.ndim == 2 else output[:, :3]
    torch.testing.assert_close(loss, fewer.loss(cut, fewer.encode(points[:, :3])))
    (gradient,) = torch.autograd.grad(loss, output)
    assert gradient.isfinite().all()
    assert (gradient.reshape(3, 4, -1)[:, 3] == 0).all() and (gradient != 0).any()


def distribution(points: int = 1) -> codecs.Distribution:
    return codecs.build(Codec("distribution", "laplace", scale=100.0, sigma=0.005), points, SIZE)


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
    output = codecs.SoftArgmax(codec)(maps.log())
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
    output = codecs.SoftArgmax(codec)(blot((0.5, 0.5), (0.06, 0.01), 30).log())
    angle = math.radians(30)
    along, across = (
        codec.loss(output, output[:, :2] + 3 * torch.tensor([direction]))
        for direction in ((math.cos(angle), math.sin(angle)), (-math.sin(angle), math.cos(angle)))
    )
    right = codec.loss(output, output[:, :2])
    assert right < along < across
    sharp = codecs.SoftArgmax(codec)(blot((0.5, 0.5), (0.01, 0.01), 0).log())
    assert codec.loss(sharp, sharp[:, :2]) < right  # who is right had better be sure


def test_descent_widens_a_map_as_far_as_the_points_are_spread() -> None:
    codec, points = distribution(), draw(1, faces=200, low=0.45, high=0.55)[:, :1]
    points[..., 0] += 6 * torch.randn(200, 1)
    target = codec.encode(points)
    logits = torch.zeros(1, 1, 16, 24, requires_grad=True)
    optimizer = torch.optim.Adam([logits], lr=0.3)
    for _ in range(200):
        optimizer.zero_grad()
        codec.loss(codecs.SoftArgmax(codec)(logits).expand(200, -1), target).backward()
        optimizer.step()
    found = codecs.SoftArgmax(codec)(logits.detach())
    assert (codec.decode(found)[0, 0] - points.median(0).values[0]).abs().max() < 2
    assert found[0, 2] > 4 * found[0, 3] > 0


def test_a_distribution_is_computed_exactly_also_in_mixed_precision() -> None:
    """A narrow map, and a point at the other end: rounded to 16 bits, the distance could be negative."""
    codec = distribution(4)
    maps = 30 * torch.rand((50, 4, 16, 24), generator=torch.Generator().manual_seed(0))
    target = codec.encode(draw(3, faces=50, low=-1, high=2))
    with torch.autocast("cpu", torch.bfloat16):
        mixed = codecs.SoftArgmax(codec)(maps)
    torch.testing.assert_close(mixed, codecs.SoftArgmax(codec)(maps))
    assert codec.loss(mixed, target).isfinite()


def test_a_distribution_ignores_points_that_a_face_lacks() -> None:
    codec, fewer = distribution(4), distribution(3)
    maps = torch.rand(3, 4, 16, 24).requires_grad_()
    points = draw(0)
    points[:, 3] = torch.nan
    loss = codec.loss(codecs.SoftArgmax(codec)(maps), codec.encode(points))
    other = fewer.loss(codecs.SoftArgmax(fewer)(maps[:, :3]), fewer.encode(points[:, :3]))
    torch.testing.assert_close(loss, other)
    (gradient,) = torch.autograd.grad(loss, maps)
    assert gradient.isfinite().all() and not gradient[:, 3].any() and gradient.any()
    whole = draw(2)
    torch.testing.assert_close(codec.decode(codec.perfect(codec.encode(whole))), whole, atol=1e-3, rtol=0)


def test_components_are_those_of_faces_with_all_points() -> None:
    config = Codec("pca", "mse", components=3)
    points = draw(0, faces=30)
    codec, whole = codecs.build(config, 4, SIZE), codecs.build(config, 4, SIZE)
    gapped = points.clone()
    gapped[20:, 1] = torch.nan
    codec.fit(gapped)
    whole.fit(points[:20])
    for name, values in whole.state().items():
        assert torch.equal(codec.state()[name], values)


def test_the_weights_of_a_face_that_lacks_a_point_are_those_that_the_others_tell() -> None:
    """Where shapes are made of the components alone, one point less tells as much."""
    config = Codec("pca", "mse", components=2)
    codec = codecs.build(config, 6, SIZE)
    generator = torch.Generator().manual_seed(0)
    modes = torch.rand((2, 12), generator=generator)
    shapes = torch.randn((40, 2), generator=generator) @ modes
    points = (0.5 + 0.1 * shapes).unflatten(1, (6, 2)) * torch.tensor(SIZE)
    codec.fit(points)
    gapped = points.clone()
    gapped[::2, 4] = torch.nan
    torch.testing.assert_close(codec.encode(gapped)[1::2], codec.encode(points)[1::2])
    torch.testing.assert_close(codec.encode(gapped), codec.encode(points), atol=2e-2, rtol=2e-2)
