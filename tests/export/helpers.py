"""Parts of every kind that can be exported, and commands as a shell runs them."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import torch

from keypoints.models.trained import Trained
from keypoints.paths import ROOT
from keypoints.settings.recipes import Codec, Model, Part
from tests.blobs import PART

LAYERS = {"channels": [4, 6], "kernel": 3}
HEATMAP = Codec("heatmap", "cross_entropy", sigma=0.1, map_size=[28, 28])
PARTS = {
    "soft-argmax": PART,
    "distribution": replace(PART, codec=Codec("distribution", "laplace", scale=100, sigma=0.01)),
    "maps, colour": replace(
        PART, data=replace(PART.data, channels=3), codec=replace(HEATMAP, map_size=[6, 6])
    ),
    "pca": replace(
        PART,
        data=replace(PART.data, points="imm58"),
        codec=Codec("pca", "mse", components=3),
        model=Model("plain", {**LAYERS, "norm": "after", "pool": 2}),
    ),
    "adaptive": replace(PART, model=Model("plain", {**LAYERS, "adaptive": [10, [5, 7]], "linear": [8]})),
    "detector": replace(
        PART,
        data=replace(PART.data, points="axis2", crop_size=[64, 64], channels=3),
        codec=Codec("centres", "focal", sigma=0.1),
        model=Model("pyramid", {"widths": [8, 16], "blocks": 2, "lateral": 8, "block": "separable"}),
    ),
    "unet": replace(
        PART, data=replace(PART.data, crop_size=[28, 28]), codec=HEATMAP, model=Model("unet", {"width": 2})
    ),
}


def warmed(part: Part = PART) -> Trained:
    """Untrained, but with norms that have seen something and a fitted codec."""
    torch.manual_seed(0)
    made = Trained.new(part)
    width, height = part.data.crop_size
    made.model.train()(torch.rand(4, part.data.channels, height, width))  # moves the norms' statistics
    made.codec.fit(torch.rand(9, made.scheme.points, 2) * 20)
    return made


def shell(*command: str | Path, **more) -> subprocess.CompletedProcess:
    """A command of this Python, from the project's root unless told otherwise."""
    return subprocess.run(
        [sys.executable, *command], **{"cwd": ROOT, "text": True, "capture_output": True} | more
    )
