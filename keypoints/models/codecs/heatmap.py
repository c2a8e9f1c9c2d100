"""Points as probability maps that the net learns pixel by pixel."""

from __future__ import annotations

import torch
from torch import Tensor

from keypoints.errors import UserError
from keypoints.models.codecs.codec import Codec, OutputSpec
from keypoints.models.codecs.maps import expectation, softmax2d
from keypoints.settings import recipes


class Heatmap(Codec):
    """One probability map per point: a Gaussian around it, cut off at the crop's edge, of sum 1.

    The net's output is the logarithm of the maps up to a constant; points are the maps' expectation. Near the
    edge, the expectation of a cut Gaussian is biased towards the inside.
    """

    def __init__(self, config: recipes.Codec, points: int, size: tuple[int, int]) -> None:
        if not config.map_size or config.sigma <= 0:
            raise UserError("codec: a heatmap needs map_size and a sigma above 0")
        self.config, self.size = config, torch.tensor(size, dtype=torch.float32)
        width, height = config.map_size
        self.map_size = (height, width)
        self.output_spec = OutputSpec(points, self.map_size)

    def encode(self, points: Tensor) -> Tensor:
        """(N, K, 2) -> (N, K, h, w)."""
        h, w = self.map_size
        position = (points + 0.5) / self.size.to(points.device)
        sigma = self.config.sigma * torch.tensor([1.0, float(self.size[0] / self.size[1])])
        x = (torch.arange(w, device=points.device) + 0.5) / w
        y = (torch.arange(h, device=points.device) + 0.5) / h
        along_x = (-0.5 * ((x - position[..., :1]) / sigma[0]) ** 2).softmax(-1)
        along_y = (-0.5 * ((y - position[..., 1:]) / sigma[1]) ** 2).softmax(-1)
        return along_y[..., :, None] * along_x[..., None, :]

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        marked = ~target[..., 0, 0].isnan()
        if not marked.all():  # (N, K, h, w) -> (M, 1, h, w)
            output, target = output[marked][:, None], target[marked][:, None]
        if self.config.loss == "squared":  # of each map, summed over its pixels
            loss = (softmax2d(output) - target).square().sum((2, 3)).mean()
        else:
            logs = output.flatten(2).log_softmax(-1)
            loss = -(logs * target.flatten(2)).sum(-1).mean()
        loss = self.config.weight * loss
        if self.config.coordinate_weight:
            away = expectation(softmax2d(output)) - expectation(target)
            loss = loss + self.config.coordinate_weight * 100 * away.abs().mean()
        return loss

    def perfect(self, target: Tensor) -> Tensor:
        return target.log()

    def decode(self, output: Tensor) -> Tensor:
        return expectation(softmax2d(output.float())) * self.size.to(output.device) - 0.5
