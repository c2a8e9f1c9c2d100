"""Random changes of whole batches on the device that trains, by kornia: `train.augment: device`.

For a device that learns faster than the CPU can augment. The changes are of the same kinds and sizes as those
of `augmentation`, but drawn differently: training with them is another experiment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from keypoints.errors import UserError
from keypoints.landmarks import Scheme
from keypoints.settings.recipes import Augment

if TYPE_CHECKING:
    from kornia.augmentation import AugmentationSequential, GeometricAugmentationBase2D

KERNEL = (9, 9)  # pixels, of the blur
NOISE = 0.035  # standard deviation, of values 0…1: the middle of the range that `augmentation` draws from
PATCH = (0.01, 0.09)  # share of the crop's area that is covered
CPU_ONLY = ("scenes", "perspective", "jpeg")


class BatchAugmenter:
    """From canvases and their points to what a net sees; a scheme without partners is not flipped.

    size:   (width, height) of the crop, pixels
    margin: of the canvas around it, pixels

    Raises `UserError` for what only `augmentation` can do, and where kornia is not installed.
    """

    def __init__(self, config: Augment, scheme: Scheme, size: tuple[int, int], margin: int) -> None:
        if impossible := [name for name in CPU_ONLY if getattr(config, name)]:
            raise UserError(f"train.augment: augment.{impossible[0]} is for workers, not for the device")
        try:
            self.move, self.look = moves(config, size, margin), looks(config)
        except ImportError:
            raise UserError("train.augment: device needs kornia: pip install '.[gpu]'") from None
        self.flip = config.flip if scheme.flips else 0.0
        self.partners, self.margin = torch.tensor(scheme.partners), margin

    def __call__(self, canvases: Tensor, points: Tensor, seed: int) -> tuple[Tensor, Tensor]:
        """Change a batch on its device; the same `seed` gives the same changes.

        canvases (N, H, W, C) uint8, points (N, K, 2) crop pixels, NaN for missing ones -> crops
        (N, C, height, width) float32, -0.5…0.5, and their points.
        """
        with torch.random.fork_rng([canvases.device] if canvases.is_cuda else []):
            torch.manual_seed(seed)
            images = canvases.permute(0, 3, 1, 2).float() / 255
            images, points = self._mirror(images, points + self.margin)
            missing = points.isnan()
            crops, points = self.move(images, points.nan_to_num())
            crops = self.look(crops).clamp(0, 1) - 0.5
        return crops.contiguous(memory_format=torch.channels_last), points.masked_fill(missing, torch.nan)

    def _mirror(self, images: Tensor, points: Tensor) -> tuple[Tensor, Tensor]:
        """Some of the faces mirrored, with left and right points swapped."""
        if not self.flip:
            return images, points
        chosen = (torch.rand(len(images)) < self.flip).to(images.device)[:, None, None]
        x, y = points[:, self.partners.to(points.device)].unbind(-1)
        mirrored = torch.stack([images.shape[3] - 1 - x, y], -1)
        return torch.where(chosen[..., None], images.flip(3), images), torch.where(chosen, mirrored, points)


def moves(config: Augment, size: tuple[int, int], margin: int) -> AugmentationSequential:
    """What moves pixels (N, C, H, W) and points (N, K, 2), from the canvas to the crop."""
    from kornia import augmentation as kornia

    (width, height), (dx, dy) = size, config.shift
    steps: list[GeometricAugmentationBase2D] = []
    if config.rotate or config.scale or dx or dy:
        shift = (dx * width / (width + 2 * margin), dy * height / (height + 2 * margin))  # of the canvas
        zoom = (1 - config.scale, 1 + config.scale)
        steps.append(kornia.RandomAffine(config.rotate, shift, zoom, padding_mode="border", p=config.affine))
    steps.append(kornia.CenterCrop((height, width)))
    return kornia.AugmentationSequential(*steps, data_keys=["input", "keypoints"])


def looks(config: Augment) -> nn.Sequential:
    """What changes the colours alone of crops (N, C, height, width), 0…1."""
    from kornia import augmentation as kornia

    steps: list[nn.Module] = []
    if config.saturation or config.hue or config.light == "factor":
        shares = (config.brightness, config.contrast, config.saturation, config.hue)
        steps.append(kornia.ColorJiggle(*shares, p=1.0))
    elif config.brightness or config.contrast:
        steps.append(kornia.RandomContrast((1 - config.contrast, 1 + config.contrast), p=1.0))
        steps.append(kornia.RandomBrightness((1 - config.brightness, 1 + config.brightness), p=1.0))
    if config.blur:
        steps.append(kornia.RandomGaussianBlur(KERNEL, (0.3, 2.0), p=config.blur))
    if config.noise:
        steps.append(kornia.RandomGaussianNoise(std=NOISE, p=config.noise))
    if config.grey:
        steps.append(kornia.RandomGrayscale(p=config.grey))
    if config.occlusion:
        steps.append(kornia.RandomErasing(PATCH, (0.5, 2.0), value=0.5, p=config.occlusion))
    return nn.Sequential(*steps)
