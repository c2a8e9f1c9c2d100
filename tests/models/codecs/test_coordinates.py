"""Points as numbers come back, by every loss."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from keypoints.models import codecs
from keypoints.models.codecs.coordinates import SoftArgmax
from keypoints.models.codecs.coordinates import wing as wing_loss
from keypoints.settings.recipes import Codec
from tests.models.codecs.samples import SIZE, draw, quick, seeds

sizes = st.tuples(st.integers(8, 300), st.integers(8, 300))


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


@pytest.mark.parametrize("column, row", [(0, 0), (23, 15), (7, 3)])
def test_a_sharp_peak_is_its_cells_middle(column: int, row: int) -> None:
    codec = codecs.build(Codec("coordinates", "l1", scale=100.0, offset=0.5), 1, SIZE)
    maps = torch.zeros(1, 1, 16, 24)
    maps[..., row, column] = 100
    points = codec.decode(SoftArgmax(codec)(maps))
    torch.testing.assert_close(points, torch.tensor([[[4 * column + 1.5, 4 * row + 1.5]]]))


def test_wing_is_continuous_and_grows() -> None:
    zero = torch.zeros(1)

    def wing(error: float) -> float:
        return float(wing_loss(torch.tensor([error]), zero))

    assert wing(0.0) == 0
    assert wing(5 + 1e-4) - wing(5 - 1e-4) == pytest.approx(0, abs=2e-3)
    assert wing(9.0) - wing(8.0) == pytest.approx(1, abs=1e-5)  # outside: slope 1
    assert wing(-3.0) == wing(3.0)
    steps = [wing(k / 4) for k in range(60)]
    assert steps == sorted(steps) and len(set(steps)) == 60
