"""Maps (N, K, h, w) as probability distributions of where each point is."""

from __future__ import annotations

import torch
from torch import Tensor


def grid(maps: Tensor) -> tuple[Tensor, Tensor]:
    """The positions, 0…1, of the columns (w) and the rows (h) of maps (N, K, h, w)."""
    h, w = maps.shape[2:]
    x = (torch.arange(w, device=maps.device) + 0.5) / w
    y = (torch.arange(h, device=maps.device) + 0.5) / h
    return x, y


def expectation(weights: Tensor) -> Tensor:
    """The mean position, 0…1, of maps (N, K, h, w) that each sum to 1 -> (N, K, 2) x, y."""
    x, y = grid(weights)
    return torch.stack([(weights.sum(2) * x).sum(-1), (weights.sum(3) * y).sum(-1)], dim=-1)


def covariance(weights: Tensor, mean: Tensor) -> Tensor:
    """How maps (N, K, h, w) that each sum to 1 spread about their mean (N, K, 2) -> (N, K, 3) xx, yy, xy."""
    x, y = (place - middle for place, middle in zip(grid(weights), mean[..., None].unbind(2), strict=True))
    xx, yy = (weights.sum(2) * x.square()).sum(-1), (weights.sum(3) * y.square()).sum(-1)
    return torch.stack([xx, yy, ((weights * x[..., None, :]).sum(-1) * y).sum(-1)], dim=-1)


def softmax2d(maps: Tensor) -> Tensor:
    """Maps (N, K, h, w) -> the same, each positive and with sum 1."""
    return maps.flatten(2).softmax(-1).view_as(maps)
