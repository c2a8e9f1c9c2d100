"""The course's "unconditional U-Net", which the write-up "zhou" took for heat maps.

As CS180's project 5B (fall 2024) draws it: two halvings to 2 D channels, a bottleneck of 7x7 cells,
two doublings, every level joined to its twin by concatenation.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class UNet(nn.Module):
    """(N, channels, H, W) -> (N, maps, H, W), not normalised; H and W are multiples of 28.

    `width` is the D of the drawing. There 28 pixels become 7 and the bottleneck's average pooling one
    cell; larger images have as many more cells there.
    """

    def __init__(self, channels: int, maps: int, width: int = 128) -> None:
        super().__init__()
        d = width
        self.first = _block(channels, d)
        self.down1 = nn.Sequential(_conv(d, d, 2), _block(d, d))
        self.down2 = nn.Sequential(_conv(d, 2 * d, 2), _block(2 * d, 2 * d))
        self.middle = nn.Sequential(nn.AvgPool2d(7), nn.GELU(), _up(2 * d, 2 * d, 7, 7, 0))
        self.up1 = nn.Sequential(_up(4 * d, d), _block(d, d))
        self.up2 = nn.Sequential(_up(2 * d, d), _block(d, d))
        self.last = nn.Sequential(_block(2 * d, d), nn.Conv2d(d, maps, 3, padding=1))

    def forward(self, image: Tensor) -> Tensor:
        if image.shape[2] % 28 or image.shape[3] % 28:
            raise ValueError(f"sides are multiples of 28, not {tuple(image.shape[2:])}")
        whole = self.first(image)
        half = self.down1(whole)
        quarter = self.down2(half)
        x = self.up1(torch.cat([self.middle(quarter), quarter], 1))
        x = self.up2(torch.cat([x, half], 1))
        return self.last(torch.cat([x, whole], 1))


def _conv(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1),
        nn.BatchNorm2d(outputs),
        nn.GELU(),
    )


def _block(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(_conv(inputs, outputs), _conv(outputs, outputs))


def _up(inputs: int, outputs: int, kernel: int = 4, stride: int = 2, padding: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.ConvTranspose2d(inputs, outputs, kernel, stride, padding),
        nn.BatchNorm2d(outputs),
        nn.GELU(),
    )
