"""Tiny pictures with a bright blob at every point: something a small net learns in seconds."""

from __future__ import annotations

import numpy as np

from keypoints import crops
from keypoints.datasets.tensors import Faces
from keypoints.settings.recipes import Augment, Codec, Data, Evaluate, Model, Part, Train

SIZE, MARGIN = 24, 4

PART = Part(
    recipe="blobs",
    data=Data("imm", "nose1", "course", "image", 1.0, [SIZE, SIZE], MARGIN, 1),
    augment=Augment(flip=0.5, shift=[0.05, 0.05]),
    codec=Codec("coordinates", "l1", scale=10.0),
    model=Model("pyramid", {"widths": [8, 16], "blocks": 1, "lateral": 8}),
    train=Train(epochs=4, batch=8, lr=0.01, optimizer="adamw", clip=1.0),
    evaluate=Evaluate(),
)


def blob_faces(train: int = 32, val: int = 8) -> Faces:
    """One point a picture; the first `train` faces train, the others are val."""
    rng = np.random.default_rng(0)
    count, side = train + val, SIZE + 2 * MARGIN
    points = rng.uniform(5, SIZE - 6, (count, 1, 2)).astype(np.float32)
    y, x = np.mgrid[:side, :side]
    away = (x - points[:, :, :1] - MARGIN) ** 2 + (y - points[:, :, 1:] - MARGIN) ** 2
    return Faces(
        images=(255 * np.exp(-away / 8)).astype(np.uint8)[..., None],
        matrices=np.stack([crops.affine((0, 0, SIZE, SIZE), (SIZE, SIZE))] * count),
        margin=MARGIN,
        points=points,
        image_size=np.full((count, 2), SIZE, np.int32),
        eye_distance=np.full(count, 10, np.float32),
        split=np.array(["train"] * train + ["val"] * val),
        subset=np.array(["all"] * count),
        group=np.array([str(i) for i in range(count)]),
        name=np.array([f"{i}.jpg" for i in range(count)]),
    )
