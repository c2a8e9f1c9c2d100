"""Scenes of several faces, composed of training canvases, for a part that learns where faces are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from keypoints import crops
from keypoints.datasets import scenes
from keypoints.datasets.tensors import Faces
from keypoints.landmarks import AXIS
from keypoints.settings.recipes import Augment, Scenes
from keypoints.training.augmentation import Augmenter

GRID = 5  # points per side of a grid over a face's box, which measures how much of the face is hidden


class Composer:
    """Composes random scenes; colours, noise and the like are changed by the `Augmenter`.

    faces: with the points `axis2`; their canvases are pasted
    """

    def __init__(self, config: Augment, layout: Scenes, faces: Faces) -> None:
        # Each face is turned, moved and mirrored by itself, when it is pasted.
        light = replace(config, flip=0.0, rotate=0.0, scale=0.0, shift=[0.0, 0.0], perspective=0.0)
        self.augment = Augmenter(light, AXIS, faces.size, 0)
        self.photos = [
            photo_of(image, axis + faces.margin)
            for image, axis in zip(faces.images, faces.points, strict=True)
        ]
        self.layout = scenes.Layout(
            faces.size,
            (layout.faces[0], layout.faces[1]),
            (layout.sides[0] * faces.size[0], layout.sides[1] * faces.size[0]),
            (layout.surroundings[0], layout.surroundings[1]),
            layout.upright,
            layout.roll,
            layout.cover,
            layout.clutter,
        )

    def __call__(self, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """A scene (height, width, 3) uint8 and its faces (F, 5) float32 as `Centres.encode` takes them.

        The same `seed` gives the same scene.
        """
        scene, placed = scenes.compose(self.photos, self.layout, np.random.default_rng(seed))
        scene, _ = self.augment(scene, np.zeros((0, 2)), seed)
        return scene, self.describe(placed)

    def describe(self, placed: list[scenes.PlacedFace]) -> np.ndarray:
        """Each face's axis, and whether it counts (F, 5); rows of NaN up to the largest number of faces."""
        faces = np.full((self.layout.faces[1], 5), np.nan, np.float32)
        for row, face in zip(faces, placed, strict=False):
            axis = face.points[:2]
            middle = axis.mean(0)
            inside = ((middle >= 0) & (middle <= np.array(self.layout.size) - 1)).all()
            row[:] = *axis.ravel(), face.counts and inside
        return faces


def photo_of(image: np.ndarray, axis: np.ndarray) -> scenes.Photo:
    """A canvas to paste; its points are the axis (2, 2), pixels, and then a grid over the face."""
    box, roll = crops.from_axis(axis)
    across = np.linspace(0, 1, GRID)
    grid = np.stack(np.meshgrid(across, across), -1).reshape(-1, 2)
    turned = crops.inverse(crops.affine(box, (1, 1), roll))
    return scenes.Photo(image, box, np.concatenate([axis, crops.apply(turned, grid - 0.5)]))
