"""The options of conf/ as parts, and faces of noise to train them on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from keypoints import compose, crops
from keypoints.datasets.tensors import Faces
from keypoints.landmarks import SCHEMES
from keypoints.settings import params
from keypoints.settings.recipes import Part

PARTS = [*compose.parts(), "faces", "glance"]
OPTIONS = sorted(
    f"{path.parent.name}={path.stem}" for part in PARTS for path in compose.CONF.glob(f"{part}/*.yaml")
)


def composed(folder: Path, option: str, *overrides: str) -> Part:
    compose.compose([option, *overrides], folder / "params.yaml")
    return params.load(folder / "params.yaml").part(option.split("=")[0])


def small(part: Part) -> Part:
    """The same recipe where a step of it is quick."""
    if part.model.family == "unet":
        size = [56, 56]
        codec = replace(part.codec, map_size=size)
        model = replace(part.model, options={"width": 4})
        return replace(part, data=replace(part.data, crop_size=size), codec=codec, model=model)
    if part.model.family == "backbone":
        options = part.model.options | {"pretrained": False}
        part = replace(part, model=replace(part.model, options=options))
        return replace(part, data=replace(part.data, crop_size=[64, 64]))
    return part


def noise(part: Part, train: int = 2, val: int = 2) -> Faces:
    """Faces of noise, with points scattered round a fixed shape."""
    rng = np.random.default_rng(0)
    count, size, margin = train + val, np.array(part.data.crop_size), part.data.margin
    shape = rng.uniform(0.2, 0.8, (SCHEMES[part.data.points].points, 2)) * size
    width, height = size + 2 * margin
    splits = ["train"] * train + ["val"] * val
    return Faces(
        images=rng.integers(0, 256, (count, height, width, part.data.channels), dtype=np.uint8),
        matrices=np.stack([crops.affine((0, 0, *size.tolist()), tuple(size))] * count),
        margin=margin,
        points=(shape + rng.normal(0, 3, (count, *shape.shape))).astype(np.float32),
        image_size=np.tile(size, (count, 1)).astype(np.int32),
        eye_distance=np.full(count, 30, np.float32),
        split=np.array(splits),
        subset=np.array(["all"] * count),
        group=np.array([str(i) for i in range(count)]),
        name=np.array([f"{i}.jpg" for i in range(count)]),
    )
