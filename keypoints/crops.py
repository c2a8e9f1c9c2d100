"""Boxes, and from a box to a crop and back: one affine matrix per face, the only conversion of coordinates.

Coordinates are pixels with the centre of the first pixel at (0, 0). A region (left, top, width,
height) therefore covers left - 0.5 … left + width - 0.5: the whole of an image is
(0, 0, width, height), and a box of dlib's is a region as it is.

The *crop* is what a net sees. The *canvas* is the crop with `margin` more pixels on every side,
kept so that augmentation can turn and shift real pixels; its coordinates are the crop's plus
`margin`.
"""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from keypoints.pictures.limits import MAX_PIXELS

Region = tuple[float, float, float, float]
LARGEST = 4 * MAX_PIXELS  # area of a region, pixels: a whole picture, turned, with room around it
# dlib's box of a face from its 68 points, in roots of the area of the points' bounding box: the side, and
# where its middle lies from theirs, to the right and down. Fitted to the boxes of the iBUG data set.
DLIB_SIDE, DLIB_RIGHT, DLIB_DOWN = 1.06, -0.019, -0.110


def square(box: Region, scale: float = 1.0) -> Region:
    """The square around the middle of `box` with `scale` times the root of its area as side."""
    left, top, width, height = box
    side = scale * math.sqrt(width * height)
    return left + (width - side) / 2, top + (height - side) / 2, side, side


def shift(box: Region, scale: float, right: float, down: float) -> Region:
    """The square of `scale` times the side of `box`, its middle moved by shares of that side."""
    left, top, width, height = box
    side = math.sqrt(width * height)
    x, y = left + width / 2 + right * side, top + height / 2 + down * side
    return x - scale * side / 2, y - scale * side / 2, scale * side, scale * side


def relate(ours: Region, theirs: Region) -> tuple[float, float, float]:
    """The arguments scale, right and down by which `shift` turns `ours` into the square of `theirs`."""
    side, other = (math.sqrt(box[2] * box[3]) for box in (ours, theirs))
    right = theirs[0] + theirs[2] / 2 - (ours[0] + ours[2] / 2)
    down = theirs[1] + theirs[3] / 2 - (ours[1] + ours[3] / 2)
    return other / side, right / side, down / side


def bounding_box(points: np.ndarray) -> Region:
    """The smallest box that holds points (K, 2), the same unit."""
    (left, top), (right, bottom) = points.min(0).tolist(), points.max(0).tolist()
    return left, top, right - left, bottom - top


def dlib_box(points: np.ndarray) -> Region:
    """Where dlib's detector draws the box of a face with these 68 points (68, 2), the same unit."""
    return shift(bounding_box(points), DLIB_SIDE, DLIB_RIGHT, DLIB_DOWN)


def upright_box(points: np.ndarray, eyes: tuple[int, int]) -> tuple[Region, float]:
    """dlib's box of a face with these 68 points turned upright, pixels, and the face's roll, degrees.

    The box is turned about its own middle; `eyes` are the indices of the outer corners, left and right.
    """
    across = points[eyes[1]] - points[eyes[0]]
    turn = math.atan2(across[1], across[0])
    back = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    left, top, side, _ = dlib_box(points @ back)
    # A box's middle is that of its pixels' edges, half a pixel from that of their centres.
    x, y = back @ [left + side / 2 - 0.5, top + side / 2 - 0.5]
    return (x + 0.5 - side / 2, y + 0.5 - side / 2, side, side), math.degrees(turn)


def axis(box: Region, roll: float) -> np.ndarray:
    """The middles (2, 2) of the upper and the lower edge of a square that is turned by `roll` degrees."""
    left, top, side, _ = box
    turn = math.radians(roll)
    up = np.array([math.sin(turn), -math.cos(turn)]) * side / 2
    middle = np.array([left + side / 2 - 0.5, top + side / 2 - 0.5])
    return np.stack([middle + up, middle - up])


def from_axis(points: np.ndarray) -> tuple[Region, float]:
    """Undoes `axis`: the square and its roll, degrees, of these points (2, 2)."""
    x, y = (points.mean(0) + 0.5).tolist()
    up = points[0] - points[1]
    side = float(np.hypot(*up))
    return (x - side / 2, y - side / 2, side, side), math.degrees(math.atan2(up[0], -up[1]))


def overlap(a: Region, b: Region) -> float:
    """Intersection over union of two boxes with an area, 0…1."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    shared = max(0.0, width) * max(0.0, height)
    return shared / (a[2] * a[3] + b[2] * b[3] - shared)


def affine(region: Region, size: tuple[int, int], roll: float = 0.0) -> np.ndarray:
    """The matrix (2, 3), float64, that takes image pixels to pixels of a crop of `size`.

    `size` is (width, height) of the crop, which shows exactly `region`, turned about its middle by `roll`
    degrees, clockwise as seen in the image. Raises ValueError for an empty region.
    """
    left, top, width, height = region
    if not (width > 0 and height > 0 and all(map(math.isfinite, region))):
        raise ValueError(f"a crop needs a region with an area, not {region}")
    sx, sy = size[0] / width, size[1] / height
    if roll:
        turn = math.radians(roll)
        cos, sin = math.cos(turn), math.sin(turn)
        linear = np.array([[sx * cos, sx * sin], [-sy * sin, sy * cos]])
        middle = np.array([left + (width - 1) / 2, top + (height - 1) / 2])
        return np.column_stack([linear, (np.array(size) - 1) / 2 - linear @ middle])
    # Edges map to edges (left - 0.5 -> -0.5); centres follow.
    return np.array([[sx, 0.0, sx * (0.5 - left) - 0.5], [0.0, sy, sy * (0.5 - top) - 0.5]], dtype=np.float64)


def inverse(matrix: np.ndarray) -> np.ndarray:
    """The affine matrices (…, 2, 3) that undo `matrix` (…, 2, 3)."""
    linear = np.linalg.inv(matrix[..., :2])
    return np.concatenate([linear, -linear @ matrix[..., 2:]], axis=-1)


def chain(first: np.ndarray, then: np.ndarray) -> np.ndarray:
    """The affine matrix (2, 3) that does what `first` and `then` do one after the other."""
    return np.column_stack([then[:, :2] @ first[:, :2], then[:, :2] @ first[:, 2] + then[:, 2]])


def apply(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Points (…, K, 2) through the matrices (…, 2, 3)."""
    return points @ np.swapaxes(matrix[..., :2], -1, -2) + matrix[..., None, :, 2]


def cut_turned(
    image: Image.Image, region: Region, size: tuple[int, int], roll: float, mode: str | None = None
) -> np.ndarray:
    """As `cut` without a margin, the region turned by `roll` degrees as in `affine`."""
    import cv2

    left, top, width, height = region
    cos, sin = abs(math.cos(math.radians(roll))), abs(math.sin(math.radians(roll)))
    sx, sy = size[0] / width, size[1] / height
    outer_size = math.ceil((width * cos + height * sin) * sx), math.ceil((width * sin + height * cos) * sy)
    across, down = outer_size[0] / sx, outer_size[1] / sy
    outer = (left + (width - across) / 2, top + (height - down) / 2, across, down)  # holds the turned region
    canvas = cut(image, outer, outer_size, mode=mode)  # does the shrinking, exactly; the warp only turns
    matrix = chain(inverse(affine(outer, outer_size)), affine(region, size, roll))
    out = cv2.warpAffine(canvas, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return out[..., None] if out.ndim == 2 else out


def cut(
    image: Image.Image, region: Region, size: tuple[int, int], margin: int = 0, mode: str | None = None
) -> np.ndarray:
    """The canvas of a crop: uint8 (height + 2 margin, width + 2 margin, channels).

    `image` has the mode "L" or "RGB", and so has the crop, or `mode`; outside of the image, its border is
    repeated. Resampled by Pillow's antialiasing bilinear filter, which is exact to a fraction of a pixel and,
    being integer arithmetic, gives the same bytes on every machine. Raises ValueError for a region that is
    empty, or larger or farther off than any picture.
    """
    affine(region, size)  # raises for an empty region
    left, top, width, height = region
    mx, my = margin * width / size[0], margin * height / size[1]
    # Pillow's boxes are edges, our coordinates are centres, half a pixel apart: no shift to make,
    # for a region's `left` is the centre of its first pixel and so its edge in Pillow's terms.
    box = (left - mx, top - my, left + width + mx, top + height + my)
    canvas = (size[0] + 2 * margin, size[1] + 2 * margin)
    columns = _reach(box[0], box[2], canvas[0])
    rows = _reach(box[1], box[3], canvas[1])
    if len(columns) * len(rows) > MAX_PIXELS:
        if width * height > LARGEST:
            raise ValueError(f"a crop of {width:.0f} x {height:.0f} pixels is too large")
        return cut(image.reduce(2), (left / 2, top / 2, width / 2, height / 2), size, margin, mode)
    window = _window(image, columns, rows)
    if mode and mode != window.mode:
        window = window.convert(mode)
    x, y = columns[0], rows[0]
    inside = (box[0] - x, box[1] - y, box[2] - x, box[3] - y)
    out = np.asarray(window.resize(canvas, Image.Resampling.BILINEAR, inside))
    return out[..., None] if out.ndim == 2 else out


def _window(image: Image.Image, columns: range, rows: range) -> Image.Image:
    """These columns and rows of a picture, which repeats its border where they lie outside."""
    left, right = _within(columns, image.width)
    top, bottom = _within(rows, image.height)
    inside = image.crop((left, top, right, bottom))  # of a large picture, a copy of no more
    if inside.size == (len(columns), len(rows)):
        return inside
    x = np.clip(columns, left, right - 1) - left
    y = np.clip(rows, top, bottom - 1) - top
    return Image.fromarray(np.asarray(inside).take(y, axis=0).take(x, axis=1))


def _within(asked: range, size: int) -> tuple[int, int]:
    """Where the pixels of an axis begin and end that these are, or are nearest to; at least one."""
    start = min(max(asked.start, 0), size - 1)
    return start, max(start + 1, min(asked.stop, size))


def _reach(start: float, end: float, pixels: int) -> range:
    """The source pixels that the filter reads for `pixels` pixels between two edges."""
    if not max(abs(start), abs(end)) < MAX_PIXELS:
        raise ValueError(f"a crop from {start:.0f} to {end:.0f} is too far off")
    support = math.ceil(max(1.0, (end - start) / pixels)) + 1
    return range(math.floor(start) - support, math.ceil(end) + support)
