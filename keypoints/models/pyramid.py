"""The project's own net: a residual encoder whose levels are merged through lateral connections.

The decoder follows the feature pyramid (Lin et al., 2017): every level is brought to one width by
a 1x1 convolution and added to the level below, doubled in size, so that the map at a quarter of
the image's size knows the whole face and still sees single pixels.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import interpolate

from keypoints.models.blocks import Residual, Separable, conv_bn

BLOCKS = {"residual": Residual, "separable": Separable}


class Pyramid(nn.Module):
    """Maps at a quarter of the image's size.

    (N, channels, H, W) -> (N, maps, ceil(H / 4), ceil(W / 4)), not normalised.

    `widths` are the channels of the levels at 1/4, 1/8, 1/16 … of the image; `lateral` the common
    width of the decoder; `block` what levels are made of, "residual" or, a tenth of the work, "separable".
    """

    def __init__(
        self,
        channels: int,
        maps: int,
        widths: list[int],
        blocks: int = 2,
        lateral: int = 96,
        block: str = "residual",
    ) -> None:
        super().__init__()
        if blocks < 1:
            raise ValueError(f"blocks: 1 or more are needed, not {blocks}")
        if block not in BLOCKS:
            raise ValueError(f"block: {block!r} is none of {', '.join(BLOCKS)}")
        if not widths:
            raise ValueError("widths: those of one level or more are needed, not []")
        kind = BLOCKS[block]
        first = widths[0]
        self.stem = nn.Sequential(
            conv_bn(channels, first // 2, 3, 2), nn.ReLU(), conv_bn(first // 2, first, 3, 2), nn.ReLU()
        )
        self.levels = nn.ModuleList()
        inputs = first
        for depth, width in enumerate(widths):
            stride = 1 if depth == 0 else 2
            rest = [kind(width, width) for _ in range(blocks - 1)]
            self.levels.append(nn.Sequential(kind(inputs, width, stride), *rest))
            inputs = width
        self.laterals = nn.ModuleList(nn.Conv2d(width, lateral, 1) for width in widths)
        self.smooth = nn.ModuleList(kind(lateral, lateral) for _ in widths[1:])
        self.head = nn.Conv2d(lateral, maps, 1)

    def forward(self, image: Tensor) -> Tensor:
        x = self.stem(image)
        sides = []
        for level, lateral in zip(self.levels, self.laterals, strict=True):
            x = level(x)
            sides.append(lateral(x))
        merged = sides.pop()
        for smooth in self.smooth:
            side = sides.pop()
            merged = smooth(side + interpolate(merged, size=side.shape[2:], mode="nearest"))
        return self.head(merged)
