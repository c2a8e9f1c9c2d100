"""Scenes of several faces whose truth is known, composed of photographs with one annotated face each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from keypoints import crops
from keypoints.crops import Region

SPACE = 0.02  # of the scene: how much of it two pasted photographs may share
HIDDEN = 0.45  # a face with a larger share of its points not seen is not counted
UPRIGHT = 15.0  # degrees: the deviation of faces that are hardly turned
# A piece of a photograph beside its face, in sides of the face's box: how far its middle is from the face's,
# and its own edges from its middle.
BESIDE = (1.15, 1.5)
PIECE = 0.6
COVERED = -1  # the owner of the pixels of a patch
BLURRED = 12  # pixels per side of a photograph so blurred that it shows no face


@dataclass(frozen=True)
class Photo:
    """image (H, W, 3) uint8 RGB; box and points (K, 2) of its face, pixels of the image."""

    image: np.ndarray
    box: Region
    points: np.ndarray


@dataclass(frozen=True)
class PlacedFace:
    """A face as it was pasted into a scene.

    points:   (K, 2), pixels of the scene
    roll:     degrees, clockwise
    hidden:   share of the points that are outside of the scene or covered, 0…1
    mirrored: whether the photograph was flipped; the points keep its order, left and right swapped
    """

    points: np.ndarray
    roll: float
    hidden: float
    mirrored: bool = False

    @property
    def counts(self) -> bool:
        """Whether a detector should find it."""
        return self.hidden <= HIDDEN


@dataclass(frozen=True)
class Layout:
    """What scenes look like.

    size:  (width, height), pixels
    faces: the least and the greatest number that is tried
    sides: of a face's box, the smallest and the largest, pixels; drawn evenly on a logarithmic scale
    surroundings: how much of a photograph is pasted, the least and the most: twice the way from the middle of
                  the face to each edge, in sides of its box
    upright: share of the faces that are turned by a few degrees only
    roll:  the others: up to ± degrees
    cover: probability that a patch covers a part of a face
    clutter: probability that a piece of a photograph beside its face is pasted in the face's place
    """

    size: tuple[int, int] = (640, 480)
    faces: tuple[int, int] = (1, 8)
    sides: tuple[float, float] = (20.0, 220.0)
    surroundings: tuple[float, float] = (1.3, 2.6)
    upright: float = 0.0
    roll: float = 90.0
    cover: float = 0.2
    clutter: float = 0.0


def compose(
    photos: Sequence[Photo], layout: Layout, rng: np.random.Generator
) -> tuple[np.ndarray, list[PlacedFace]]:
    """A scene (height, width, 3) uint8 RGB and the faces in it, those that do not count included."""
    width, height = layout.size
    scene = draw_background(photos, layout.size, rng)
    owner = np.zeros((height, width), np.int32)  # see `share_hidden`; 0: the background
    pasted: list[tuple[int, PlacedFace]] = []
    for number in range(1, 1 + int(rng.integers(layout.faces[0], layout.faces[1] + 1))):
        photo = photos[int(rng.integers(len(photos)))]
        side = math.exp(rng.uniform(*np.log(layout.sides)))
        roll, flip = draw_roll(layout, rng), bool(rng.random() < 0.5)
        matrix = place(photo.box, side, roll, flip, rng.uniform((0, 0), layout.size))
        beside = rng.random() < layout.clutter
        window = draw_beside(photo.box, rng) if beside else draw_window(photo.box, layout.surroundings, rng)
        mask = paste_mask(photo, window, matrix, layout.size)
        if not mask.any() or (mask & (owner != 0)).mean() > SPACE:
            continue
        shown = warp(photo.image, matrix, layout.size)
        light, shade = rng.uniform(0.6, 1.3), rng.uniform(-30, 30)
        scene[mask] = np.clip(shown[mask] * light + shade, 0, 255).astype(np.uint8)
        owner[mask] = number
        if beside:
            continue
        points = crops.apply(matrix, photo.points)
        if rng.random() < layout.cover:
            cover(scene, owner, points, rng)
        pasted.append((number, PlacedFace(points, roll, 0.0, flip)))
    # Only now is it known what later photographs hide of a face: a small one may vanish under a large one.
    return scene, [replace(face, hidden=share_hidden(face.points, owner, number)) for number, face in pasted]


def place(box: Region, side: float, roll: float, flip: bool, middle: np.ndarray) -> np.ndarray:
    """The matrix (2, 3) that brings a box to this side and middle, mirrored where `flip`, then turned."""
    scale = side / math.sqrt(box[2] * box[3])
    angle = math.radians(roll)
    linear = scale * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    linear[:, 0] *= -1 if flip else 1
    centre = np.array([box[0] + box[2] / 2, box[1] + box[3] / 2])
    return np.column_stack([linear, middle - linear @ centre])


def warp(image: np.ndarray, matrix: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The image through the matrix (2, 3); shrinking averages whole areas first, against aliasing."""
    scale = math.sqrt(abs(np.linalg.det(matrix[:, :2])))
    if scale < 0.7:
        height, width = image.shape[:2]
        smaller = max(1, round(width * scale)), max(1, round(height * scale))
        image = cv2.resize(image, smaller, interpolation=cv2.INTER_AREA)
        back = crops.inverse(crops.affine((0, 0, width, height), smaller))
        matrix = crops.chain(back, matrix)
    return cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def draw_roll(layout: Layout, rng: np.random.Generator) -> float:
    """A random roll, degrees, clockwise."""
    if rng.random() < layout.upright:
        return float(rng.normal(0, UPRIGHT))
    return float(rng.uniform(-layout.roll, layout.roll))


def draw_window(box: Region, surroundings: tuple[float, float], rng: np.random.Generator) -> Region:
    """The part of a photograph with a face in `box` to paste; the face is seldom exactly in its middle."""
    left, top, side, _ = crops.square(box)
    before, above, after, below = rng.uniform(*surroundings, 4) / 2 * side
    return left + side / 2 - before, top + side / 2 - above, before + after, above + below


def draw_beside(box: Region, rng: np.random.Generator) -> Region:
    """A piece of a photograph beside the face in `box`: hair, an ear or a wall, hardly any of the face."""
    angle, away = rng.uniform(0, 2 * math.pi), rng.uniform(*BESIDE)
    return crops.shift(box, 2 * PIECE, away * math.cos(angle), away * math.sin(angle))


def paste_mask(photo: Photo, window: Region, matrix: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The pixels of the scene (height, width), bool, that a window (pixels of the photograph) will cover."""
    left, top, across, down = window
    height, width = photo.image.shape[:2]
    corners = np.array([(left, top), (left + across, top), (left + across, top + down), (left, top + down)])
    corners = crops.apply(matrix, np.clip(corners, 0, (width - 1, height - 1)))
    mask = np.zeros(size[::-1], np.uint8)
    cv2.fillConvexPoly(mask, np.clip(corners, -1e4, 1e4).round().astype(np.int32), 1)
    return mask.astype(bool)


def draw_background(photos: Sequence[Photo], size: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """A plain colour, coarse noise, or a photograph so blurred that nobody is in it."""
    width, height = size
    kind = int(rng.integers(3))
    if kind == 0:
        return np.full((height, width, 3), rng.integers(0, 256, 3), np.uint8)
    if kind == 1:
        coarse = rng.integers(0, 256, (int(rng.integers(3, 24)), int(rng.integers(3, 24)), 3), dtype=np.uint8)
        return cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC)
    image = photos[int(rng.integers(len(photos)))].image
    few = cv2.resize(image, (BLURRED, BLURRED), interpolation=cv2.INTER_AREA)
    return cv2.resize(few, size, interpolation=cv2.INTER_CUBIC)


def cover(scene: np.ndarray, owner: np.ndarray, points: np.ndarray, rng: np.random.Generator) -> None:
    """Paint a patch over up to a third of a face's points (K, 2), in place.

    scene (height, width, 3) uint8 RGB; owner (height, width), see `share_hidden`
    """
    left, top, width, height = crops.bounding_box(points)
    share = rng.uniform(0.15, 0.35)
    across, down = (width * share, height) if rng.random() < 0.5 else (width, height * share)
    x, y = left + rng.random() * (width - across), top + rng.random() * (height - down)
    corner, end = np.round([(x, y), (x + across, y + down)]).astype(int).tolist()
    cv2.rectangle(scene, corner, end, rng.integers(0, 256, 3).tolist(), -1)
    cv2.rectangle(owner, corner, end, COVERED, -1)


def share_hidden(points: np.ndarray, owner: np.ndarray, number: int) -> float:
    """The share of the points (K, 2), pixels of the scene, that are outside of it or covered.

    owner (height, width): the number of the photograph that each pixel shows; COVERED: a patch
    number: of the photograph with these points
    """
    height, width = owner.shape
    column, row = np.round(points).astype(int).T
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    seen = owner[row.clip(0, height - 1), column.clip(0, width - 1)] == number
    return float(1 - (inside & seen).mean())
