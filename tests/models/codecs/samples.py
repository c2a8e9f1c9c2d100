"""Codecs and points for their tests; crops are of SIZE."""

from __future__ import annotations

import torch
from hypothesis import settings
from hypothesis import strategies as st
from torch import Tensor

from keypoints.models import codecs
from keypoints.settings.recipes import Codec

quick = settings(max_examples=20, deadline=None)
seeds = st.integers(0, 2**31 - 1)
SIZE = (96, 64)  # width, height of the crop


def draw(seed: int, faces: int = 3, points: int = 4, low: float = 0.0, high: float = 1.0) -> Tensor:
    """(faces, points, 2), pixels of a crop of SIZE; `low` and `high` are shares of its sides."""
    generator = torch.Generator().manual_seed(seed)
    positions = low + (high - low) * torch.rand((faces, points, 2), generator=generator)
    return positions * torch.tensor(SIZE) - 0.5


def heatmap(points: int = 4, loss: str = "cross_entropy", weight: float = 0.0) -> codecs.Heatmap:
    config = Codec("heatmap", loss, sigma=0.04, map_size=[24, 16], coordinate_weight=weight)
    return codecs.build(config, points, SIZE)


def pca(faces: Tensor, components: int, **more: object) -> codecs.Pca:
    codec = codecs.build(Codec("pca", "mse", components=components, **more), faces.shape[1], SIZE)
    codec.fit(faces)
    return codec


def distribution(points: int = 1) -> codecs.Distribution:
    return codecs.build(Codec("distribution", "laplace", scale=100.0, sigma=0.005), points, SIZE)
