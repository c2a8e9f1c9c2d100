"""From a box to a crop and back: one affine matrix a face, the only conversion of coordinates.

Coordinates are pixels with the centre of the first pixel at (0, 0). A region (left, top, width,
height) therefore covers left - 0.5 … left + width - 0.5: the whole of an image is
(0, 0, width, height), and a box of dlib's is a region as it stands.

The *crop* is what a net sees. The *canvas* is the crop with `margin` more pixels on every side,
kept so that augmentation can turn and shift real pixels; its coordinates are the crop's plus
`margin`.
"""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

Region = tuple[float, float, float, float]


def square(box: Region, scale: float = 1.0) -> Region:
    """The square round the middle of `box` with `scale` times the root of its area as side."""
    left, top, width, height = box
    side = scale * math.sqrt(width * height)
    return left + (width - side) / 2, top + (height - side) / 2, side, side


def affine(region: Region, size: tuple[int, int]) -> np.ndarray:
    """The matrix (2, 3), float64, that takes image pixels to pixels of a crop of `size`.

    `size` is (width, height) of the crop, which shows just `region`. Raises ValueError for an
    empty region.
    """
    left, top, width, height = region
    if not (width > 0 and height > 0 and all(map(math.isfinite, region))):
        raise ValueError(f"a crop needs a region with an area, not {region}")
    sx, sy = size[0] / width, size[1] / height
    # Edges map to edges (left - 0.5 -> -0.5); centres follow.
    return np.array([[sx, 0.0, sx * (0.5 - left) - 0.5], [0.0, sy, sy * (0.5 - top) - 0.5]], dtype=np.float64)


def inverse(matrix: np.ndarray) -> np.ndarray:
    """The affine matrices (…, 2, 3) that undo `matrix` (…, 2, 3)."""
    linear = np.linalg.inv(matrix[..., :2])
    return np.concatenate([linear, -linear @ matrix[..., 2:]], axis=-1)


def apply(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Points (…, K, 2) through the matrices (…, 2, 3)."""
    return points @ np.swapaxes(matrix[..., :2], -1, -2) + matrix[..., None, :, 2]


def cut(image: Image.Image, region: Region, size: tuple[int, int], margin: int = 0) -> np.ndarray:
    """The canvas of a crop: uint8 (height + 2 margin, width + 2 margin, channels).

    `image` is "L" or "RGB"; what lies outside of it repeats its border. Resampled by Pillow's
    area-true bilinear filter, which is exact to a fraction of a pixel and, being integer
    arithmetic, gives the same bytes on every machine.
    """
    left, top, width, height = region
    mx, my = margin * width / size[0], margin * height / size[1]
    # Pillow's boxes are edges, our coordinates are centres, half a pixel apart: no shift to make,
    # for a region's `left` is the centre of its first pixel and so its edge in Pillow's terms.
    box = (left - mx, top - my, left + width + mx, top + height + my)
    before = [max(0, math.ceil(-box[0])), max(0, math.ceil(-box[1]))]
    after = [max(0, math.ceil(box[2] - image.width)), max(0, math.ceil(box[3] - image.height))]
    if any(before) or any(after):
        image, box = _padded(image, box, before, after)
    out = image.resize((size[0] + 2 * margin, size[1] + 2 * margin), Image.Resampling.BILINEAR, box)
    pixels = np.asarray(out)
    return pixels[..., None] if pixels.ndim == 2 else pixels


def _padded(
    image: Image.Image, box: tuple[float, ...], before: list[int], after: list[int]
) -> tuple[Image.Image, tuple[float, ...]]:
    """`image` with its border repeated as far as `box` reaches, and `box` in its coordinates.

    Only the part under the box is padded, so that a far-off box costs no memory.
    """
    keep = [
        int(np.clip(math.floor(box[0]), 0, image.width - 1)),
        int(np.clip(math.floor(box[1]), 0, image.height - 1)),
        int(np.clip(math.ceil(box[2]), 1, image.width)),
        int(np.clip(math.ceil(box[3]), 1, image.height)),
    ]
    keep[2], keep[3] = max(keep[2], keep[0] + 1), max(keep[3], keep[1] + 1)
    pixels = np.asarray(image.crop(tuple(keep)))
    width = [(before[1], after[1]), (before[0], after[0])] + [(0, 0)] * (pixels.ndim - 2)
    pixels = np.pad(pixels, width, mode="edge")
    dx, dy = before[0] - keep[0], before[1] - keep[1]
    moved = (box[0] + dx, box[1] + dy, box[2] + dx, box[3] + dy)
    height, length = pixels.shape[:2]
    # Far-off boxes leave the padded part by rounding at most: hold them inside.
    bounds = (length, height, length, height)
    return Image.fromarray(pixels), tuple(min(max(v, 0.0), b) for v, b in zip(moved, bounds, strict=True))
