"""Points as numbers with an elementwise loss; nets that output maps get there by a soft-argmax."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from keypoints.models.codecs.codec import Codec, OutputSpec
from keypoints.models.codecs.maps import expectation, softmax2d
from keypoints.settings import recipes


def wing(output: Tensor, target: Tensor, width: float = 5.0, curvature: float = 0.5) -> Tensor:
    """The wing loss (Feng et al., 2018): logarithmic within ± `width`, linear outside."""
    error = (output - target).abs()
    inner = width * torch.log1p(error / curvature)
    knee = width - width * math.log1p(width / curvature)  # makes the loss continuous at `width`
    return torch.where(error < width, inner, error - knee).mean()


ELEMENTWISE: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "mse": F.mse_loss,
    "l1": F.l1_loss,
    "smooth_l1": F.smooth_l1_loss,
    "wing": wing,
}


class Coordinates(Codec):
    """Targets are (position - offset) * scale, as (N, 2 K): x0 y0 x1 y1 …; `weight` times the loss."""

    def __init__(self, config: recipes.Codec, points: int, size: tuple[int, int]) -> None:
        self.config, self.points, self.size = config, points, torch.tensor(size, dtype=torch.float32)
        self.output_spec = OutputSpec(2 * points)

    def encode(self, points: Tensor) -> Tensor:
        return self.from_positions((points + 0.5) / self.size.to(points.device))

    def from_positions(self, positions: Tensor) -> Tensor:
        """(N, K, 2) positions 0…1 -> (N, 2 K)."""
        return ((positions - self.config.offset) * self.config.scale).flatten(1)

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        marked = ~target.isnan()
        if not marked.all():
            output, target = output[marked], target[marked]
        return self.config.weight * ELEMENTWISE[self.config.loss](output, target)

    def from_maps(self, maps: Tensor) -> Tensor:
        """Probability maps (N, K, h, w) -> the output that `loss` and `decode` take."""
        return self.from_positions(expectation(maps))

    def decode(self, output: Tensor) -> Tensor:
        positions = output.unflatten(1, (-1, 2)) / self.config.scale + self.config.offset
        return positions * self.size.to(output.device) - 0.5


class SoftArgmax(nn.Module):
    """Maps (N, K, h, w), not normalised -> the output that a coordinate codec takes (Sun et al., 2018)."""

    def __init__(self, codec: Coordinates) -> None:
        super().__init__()
        self.codec = codec

    def forward(self, maps: Tensor) -> Tensor:
        return self.codec.from_maps(softmax2d(maps.float()))
