"""A small net for 68 points that has learned nothing, and crops for it."""

from __future__ import annotations

import numpy as np
import torch

from keypoints.models.trained import Trained
from keypoints.settings.recipes import Augment, Codec, Data, Evaluate, Model, Part, Train

COORDINATES = Codec("coordinates", "l1", scale=100.0)
HEATMAP = Codec("heatmap", "cross_entropy", sigma=0.05, map_size=[12, 8])


def recipe(codec: Codec = COORDINATES, channels: int = 1) -> Part:
    return Part(
        recipe="small",
        data=Data("ibug", "ibug68", "strict", "box", 1.3, [48, 32], 4, channels),
        augment=Augment(),
        codec=codec,
        model=Model("pyramid", {"widths": [8, 12], "blocks": 1, "lateral": 8}),
        train=Train(1, 1, 0.1),
        evaluate=Evaluate(),
    )


def build(codec: Codec = COORDINATES, channels: int = 1, seed: int = 0) -> Trained:
    torch.manual_seed(seed)
    made = Trained.new(recipe(codec, channels))
    made.model.train()(torch.rand(4, channels, 32, 48))  # moves the norms' statistics off their start
    made.mean_shape = np.random.default_rng(seed).uniform(0, 30, (68, 2))
    return made


def crops(count: int = 5, channels: int = 1) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (count, 32, 48, channels), dtype=np.uint8)
