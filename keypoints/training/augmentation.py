"""Random changes of a training crop, by albumentations.

Traps in albumentations: a flip does not swap left and right (see `Mirror`), points that leave the image are
dropped unless `remove_invisible=False`, and a perspective turns the NaN of missing points into zeros (see
`Perspective`).
"""

from __future__ import annotations

from typing import Any

import albumentations as A
import cv2
import numpy as np

from keypoints.landmarks import Scheme
from keypoints.settings.recipes import Augment


class Mirror(A.HorizontalFlip):
    """A flip that swaps left and right points, so that point k still means what the scheme says."""

    def __init__(self, partners: tuple[int, ...], p: float) -> None:
        super().__init__(p=p)
        self.partners = list(partners)

    def apply_to_keypoints(self, keypoints: np.ndarray, **params: object) -> np.ndarray:
        return super().apply_to_keypoints(keypoints, **params)[self.partners]

    def get_transform_init_args_names(self) -> tuple[str, ...]:
        return ("partners",)


class Perspective(A.Perspective):
    """A perspective that keeps missing points NaN."""

    def apply_to_keypoints(self, keypoints: np.ndarray, **params: Any) -> np.ndarray:
        made = super().apply_to_keypoints(keypoints, **params)
        made[np.isnan(keypoints[:, 0]), :2] = np.nan
        return made


class Augmenter:
    """From a canvas and its points to a crop and its points; a scheme without partners is not flipped.

    size:   (width, height) of the crop, pixels
    margin: of the canvas around it, pixels
    """

    def __init__(self, config: Augment, scheme: Scheme, size: tuple[int, int], margin: int) -> None:
        cv2.setNumThreads(0)  # pictures are small; threads would cost more than they give
        self.margin = margin
        steps = [*moves(config, scheme, size, margin), *looks(config)]
        keypoints = A.KeypointParams(format="xy", remove_invisible=False)
        moving = not steps or any(isinstance(step, A.DualTransform) for step in steps)  # else it warns
        self.pipeline = A.Compose(steps or [A.NoOp()], keypoint_params=keypoints if moving else None)

    def __call__(self, canvas: np.ndarray, points: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Change one face; the same `seed` gives the same change.

        canvas (H, W, C) uint8, points (K, 2) crop pixels, NaN for missing ones -> crop (height, width, C)
        uint8, points (K, 2) float32 of that crop.
        """
        self.pipeline.set_random_seed(seed)
        made = self.pipeline(image=canvas, keypoints=points + self.margin)
        image = made["image"]
        crop = image[..., None] if image.ndim == 2 else image
        return crop, np.asarray(made["keypoints"], np.float32)


def moves(config: Augment, scheme: Scheme, size: tuple[int, int], margin: int) -> list[A.BasicTransform]:
    """What moves pixels and points, from the canvas to the crop."""
    width, height = size
    border = cv2.BORDER_REPLICATE
    steps: list[A.BasicTransform] = []
    if config.flip and scheme.flips:
        steps.append(Mirror(scheme.partners, p=config.flip))
    if config.rotate or config.scale or any(config.shift):
        # Shifts are shares of the crop; albumentations takes shares of the canvas.
        dx = config.shift[0] * width / (width + 2 * margin)
        dy = config.shift[1] * height / (height + 2 * margin)
        steps.append(
            A.Affine(
                rotate=(-config.rotate, config.rotate),
                scale=(1 - config.scale, 1 + config.scale),
                keep_ratio=True,
                translate_percent={"x": (-dx, dx), "y": (-dy, dy)},
                border_mode=border,
                p=config.affine,
            )
        )
    if config.perspective:
        steps.append(Perspective(scale=(0.0, config.perspective), border_mode=border, p=0.5))
    if margin:
        steps.append(A.CenterCrop(height, width, p=1))
    return steps


def looks(config: Augment) -> list[A.BasicTransform]:
    """What changes the crop's colours alone."""
    steps: list[A.BasicTransform] = []
    if config.saturation or config.hue or config.light == "factor":
        steps.append(
            A.ColorJitter(
                brightness=(1 - config.brightness, 1 + config.brightness),
                contrast=(1 - config.contrast, 1 + config.contrast),
                saturation=(1 - config.saturation, 1 + config.saturation),
                hue=(-config.hue, config.hue),
                p=1,
            )
        )
    elif config.brightness or config.contrast:
        steps.append(A.RandomBrightnessContrast(config.brightness, config.contrast, p=1))
    if config.blur:
        steps.append(A.GaussianBlur(sigma_limit=(0.3, 2.0), blur_limit=0, p=config.blur))
    if config.noise:
        steps.append(A.GaussNoise(std_range=(0.01, 0.06), p=config.noise))
    if config.grey:
        steps.append(A.ToGray(p=config.grey))
    if config.jpeg:
        steps.append(A.ImageCompression(quality_range=(25, 80), p=config.jpeg))
    if config.occlusion:
        steps.append(
            A.CoarseDropout(
                num_holes_range=(1, 2),
                hole_height_range=(0.1, 0.3),
                hole_width_range=(0.1, 0.3),
                fill="random_uniform",
                p=config.occlusion,
            )
        )
    return steps
