"""Paints one face, and returns the landmarks that it was painted with.

Picture and truth agree to a fraction of a pixel, because the outlines are drawn through the landmarks.
The same arguments give the same bytes on every x86 machine: polygons and picture filters are integer
arithmetic, and floating point does nothing whose rounding depends on the processor.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image, ImageChops, ImageFilter

from keypoints.synthetic import outlines
from keypoints.synthetic.head import Colour, Expression, Head, Person, Pose, curve, mix

FIXED = 4  # bits of OpenCV's sub-pixels
SAMPLING = 2  # we paint so many times larger, then reduce
COARSE = 4  # light and backdrops are smooth: so many times smaller
BLACK, WHITE = (0, 0, 0), (255, 255, 255)
CIRCLE = np.array([(math.cos(k * math.pi / 20), math.sin(k * math.pi / 20)) for k in range(40)])


@dataclass(frozen=True)
class Scene:
    """What surrounds the head. `light` -1…1: from which side, and how one-sided; `level` 0…1."""

    background: Colour = (122, 146, 160)
    shapes: int = 6
    light: float = 0.2
    level: float = 1.0
    noise: int = 5  # up to ± so many grey levels
    seed: int = 0


@dataclass(frozen=True)
class Drawing:
    """An RGB picture, and its landmarks in pixels: `ibug` (68, 2), `imm` (58, 2)."""

    image: Image.Image
    ibug: np.ndarray
    imm: np.ndarray


def draw(person: Person, expression: Expression, pose: Pose, scene: Scene, size: tuple[int, int]) -> Drawing:
    """The picture, `size` = (width, height) pixels, of a person."""
    head = Head(person, expression, pose)
    pixels = _backdrop(scene, size)
    _paint(_Brush(pixels, SAMPLING, pose.scale), head)
    image = ImageChops.multiply(Image.fromarray(pixels).reduce(SAMPLING), _light(head, scene, size))
    if scene.noise:
        image = _grain(image, scene)
    return Drawing(image, head.ibug, head.imm)


class _Brush:
    """Paints outlines, given in final pixels, on an array (height, width, 3) `sampling` times larger."""

    def __init__(self, pixels: np.ndarray, sampling: float, unit: float) -> None:
        self.pixels, self.sampling, self.unit = pixels, sampling, unit * sampling

    def _fixed(self, points: np.ndarray) -> np.ndarray:
        # Centres: (x, y) lies at (x + 0.5) s - 0.5 in a picture s times as large.
        places = (np.asarray(points) + 0.5) * self.sampling - 0.5
        return np.rint(places * (1 << FIXED)).astype(np.int32)

    def fill(self, points: np.ndarray, colour: Colour) -> None:
        cv2.fillPoly(self.pixels, [self._fixed(points)], colour, cv2.LINE_AA, FIXED)

    def line(self, points: np.ndarray, colour: Colour, width: float, closed: bool = False) -> None:
        """A stroke, `width` in head units."""
        thick = max(1, round(width * self.unit))
        cv2.polylines(self.pixels, [self._fixed(points)], closed, colour, thick, cv2.LINE_AA, FIXED)

    @contextmanager
    def inside(self, outline: np.ndarray) -> Iterator[None]:
        """What is painted in here, up to a third of a unit away, shows only inside the outline."""
        fixed = self._fixed(outline)
        margin = int(self.unit / 3)
        low = np.maximum((fixed.min(0) >> FIXED) - margin, 0)
        high = np.maximum((fixed.max(0) >> FIXED) + margin, 0)
        view = self.pixels[low[1] : high[1], low[0] : high[0]]
        before = view.astype(np.uint16)
        yield
        if not view.size:  # outside of the picture
            return
        mask = np.zeros(view.shape[:2], np.uint8)
        cv2.fillPoly(mask, [fixed - (low << FIXED).astype(np.int32)], 255, cv2.LINE_AA, FIXED)
        share = mask[..., None].astype(np.uint16)
        view[:] = (view * share + before * (255 - share) + 127) // 255


def _paint(brush: _Brush, head: Head) -> None:
    who = head.person
    skin, hair = who.skin, who.hair
    shade = mix(skin, (110, 50, 40), 0.34)
    bald = who.style == "bald"
    _behind(brush, head, shade)
    brush.fill(outlines.skull(head), skin if bald else hair)
    for side in (-1, 1):
        ear = outlines.ear(head, side)
        brush.fill(ear, mix(skin, shade, 0.3))
        brush.line(ear, shade, 0.018, closed=True)
        brush.fill(ear.mean(0) + (ear - ear.mean(0)) * 0.5, mix(skin, shade, 0.75))
    jaw = curve(head.ibug[:17], 65)
    brush.fill(np.concatenate([jaw, outlines.hairline(head)]), skin)
    brush.line(jaw, mix(skin, shade, 0.8), 0.016)
    if who.beard:
        brush.fill(outlines.beard(head), mix(skin, hair, 0.72))
    _nose(brush, head, shade)
    for eye, (upper, lower) in enumerate(head.eyes):
        _eye(brush, head, eye, curve(upper, 13), curve(lower, 13), shade)
    for upper, lower in head.brows:
        brush.fill(np.concatenate([curve(upper, 17), curve(lower, 17)[::-1]]), mix(hair, shade, 0.25))
    _mouth(brush, head, shade)
    for lock in outlines.locks(head):
        brush.fill(lock, hair)
    for strand in outlines.strands(head):
        brush.line(strand, mix(hair, WHITE, 0.1), 0.012)
    if who.glasses:
        for line, closed in outlines.glasses(head):
            brush.line(line, (40, 36, 40), 0.022, closed)


def _behind(brush: _Brush, head: Head, shade: Colour) -> None:
    """Long hair, neck and clothes."""
    who = head.person
    if who.style == "long":
        brush.fill(outlines.mane(head), mix(who.hair, BLACK, 0.25))
    neck, shoulders, collar = outlines.body(head)
    brush.fill(neck, mix(who.skin, shade, 0.75))
    brush.fill(shoulders, who.cloth)
    brush.line(shoulders, mix(who.cloth, BLACK, 0.3), 0.02)
    brush.fill(collar, mix(who.skin, shade, 0.75))
    brush.line(collar, mix(who.cloth, WHITE, 0.35), 0.05)


def _nose(brush: _Brush, head: Head, shade: Colour) -> None:
    wings = curve(head.imm[49:56], 33)
    brush.line(wings, mix(head.person.skin, shade, 0.85), 0.02)
    for side in (0, 1):
        flank = curve(head.nose[side][:3], 9)
        brush.line(flank, mix(head.person.skin, shade, 0.3), 0.014)
    for hole in outlines.nostrils(head):
        brush.fill(hole, mix(shade, BLACK, 0.45))
    tip = head.ibug[30]
    brush.fill(tip + CIRCLE * [0.03, 0.022] * head.pose.scale, mix(head.person.skin, WHITE, 0.4))


def _eye(brush: _Brush, head: Head, eye: int, upper: np.ndarray, lower: np.ndarray, shade: Colour) -> None:
    who, scale = head.person, head.pose.scale
    outline = np.concatenate([upper, lower[-2:0:-1]])
    centre, across = outlines.iris(head, eye)
    with brush.inside(outline):
        brush.fill(outline, (246, 244, 240))
        for radius, colour in ((1.0, mix(who.iris, BLACK, 0.4)), (0.86, who.iris), (0.45, (14, 12, 14))):
            brush.fill(centre + CIRCLE * across * radius, colour)
        brush.line(upper, (120, 110, 112), 0.022)
    brush.fill(centre + (CIRCLE * 0.016 + [0.025, -0.025]) * scale * (1 - head.expression.eyes), WHITE)
    brush.line(lower, mix(who.skin, shade, 0.8), 0.01)
    brush.line(upper, mix(shade, (30, 16, 16), 0.8), 0.028 if who.style == "long" else 0.02)
    arch = np.array([math.sin(k * math.pi / 12) for k in range(13)])[:, None]
    crease = upper - arch * [0.0, 0.05 * scale]
    brush.line(crease[1:-1], mix(who.skin, shade, 0.6), 0.01)


def _mouth(brush: _Brush, head: Head, shade: Colour) -> None:
    p = head.ibug
    above, below = curve(p[48:55], 25), curve(p[[48, 59, 58, 57, 56, 55, 54]], 25)
    over, under = curve(p[60:65], 17), curve(p[[60, 67, 66, 65, 64]], 17)
    red = mix(head.person.skin, (176, 40, 56), 0.46 if head.person.style == "long" else 0.32)
    brush.fill(np.concatenate([above, below[::-1]]), red)
    brush.fill(np.concatenate([above, p[[54]], over[::-1], p[[48]]]), mix(red, (90, 16, 30), 0.22))
    hole = np.concatenate([over, under[-2:0:-1]])
    with brush.inside(hole):
        brush.fill(hole, (74, 22, 28))
        drop = (p[33] - p[27]) * 0.12
        brush.fill(np.concatenate([over, (over + drop)[::-1]]), (250, 248, 244))
        if head.expression.mouth > 0.3:
            tongue = p[66] + CIRCLE * [0.16, 0.07] * head.pose.scale
            brush.fill(tongue, (188, 84, 88))
    brush.line(over, mix(red, (60, 10, 20), 0.7), 0.014)


def _backdrop(scene: Scene, size: tuple[int, int]) -> np.ndarray:
    """(height, width, 3), `SAMPLING` times `size`: soft discs on the background's colour."""
    rng = np.random.default_rng([scene.seed, 0])
    width, height = (-(-side // COARSE) for side in size)
    small = np.empty((height, width, 3), np.uint8)
    fade = np.arange(height)[:, None] * 28 // height
    small[:] = np.clip(np.array(scene.background) + 14 - fade, 0, 255)[:, None, :]
    for _ in range(scene.shapes):
        x, y, radius, share = rng.random(4)
        colour = mix(scene.background, tuple(rng.integers(30, 240, 3).tolist()), 0.15 + 0.5 * share)
        disc = (CIRCLE * (0.06 + 0.25 * radius) + [x, y]) * max(width, height)
        if radius < 0.4:  # the smaller ones are boxes
            disc = disc[::10]
        cv2.fillPoly(small, [np.rint(disc).astype(np.int32)], colour)
    soft = np.asarray(Image.fromarray(small).filter(ImageFilter.BoxBlur(2)))
    return cv2.resize(soft, (size[0] * SAMPLING, size[1] * SAMPLING), interpolation=cv2.INTER_LINEAR_EXACT)


def _light(head: Head, scene: Scene, size: tuple[int, int]) -> Image.Image:
    """What the picture is multiplied by: shading, blush and the light's fall-off; RGB of `size`."""
    width, height = (-(-side // COARSE) for side in size)
    pixels = np.full((height, width, 3), 250, np.uint8)
    brush = _Brush(pixels, 1 / COARSE, head.pose.scale)
    scale, p = head.pose.scale, head.ibug
    jaw = curve(p[:17], 33)
    lit = np.array([scene.light * 0.09 * scale, -0.04 * scale])
    middle = (p[27] + p[33]) / 2
    brush.fill(jaw[9:-9] + (p[8] - p[27]) * 0.1, (210, 200, 200))  # the jaw's shadow on the neck
    brush.fill(np.concatenate([jaw, outlines.hairline(head)]), (226, 212, 208))
    brush.fill(
        middle + lit + (np.concatenate([jaw, outlines.hairline(head)]) - middle) * 0.84, (252, 250, 248)
    )
    for corner, wing, ear in ((48, 31, 2), (54, 35, 14)):  # blush on the cheeks
        cheek = (p[corner] + p[wing] + 1.3 * p[ear]) / 3.3 - (p[8] - p[27]) * 0.06
        brush.fill(cheek + CIRCLE * 0.17 * scale, (250, 226, 222))
    dark = 0 if scene.light > 0 else 1
    for side, tone in ((dark, (222, 208, 204)), (1 - dark, (240, 232, 230))):
        brush.fill(np.concatenate([curve(head.nose[side], 17), p[[33, 30, 28]]]), tone)
    for upper, lower in head.eyes:
        eye = np.concatenate([curve(upper, 9) - (p[8] - p[27]) * 0.06, lower[::-1]])
        brush.fill(eye, (230, 216, 212))
    lip = (p[57] + (p[8] - p[57]) * 0.28)[None]
    brush.fill(lip + CIRCLE * [0.16, 0.04] * scale, (226, 212, 208))
    shading = Image.fromarray(pixels).filter(ImageFilter.BoxBlur(0.05 * scale / COARSE))
    shading = shading.filter(ImageFilter.BoxBlur(0.05 * scale / COARSE))

    across = np.clip(
        (np.arange(width) * COARSE - head.pose.x) / (3 * scale) * np.sign(scene.light) + 0.5, 0, 1
    )
    ramp = 1 - abs(scene.light) * 0.5 * (1 - across * across * (3 - 2 * across))
    fall = np.rint(255 * scene.level * np.broadcast_to(ramp[:, None], (height, width, 3))).astype(np.uint8)
    light = np.asarray(ImageChops.multiply(shading, Image.fromarray(fall)))
    return Image.fromarray(cv2.resize(light, size, interpolation=cv2.INTER_LINEAR_EXACT))


def _grain(image: Image.Image, scene: Scene) -> Image.Image:
    count = image.width * image.height * 3
    draws = np.frombuffer(np.random.default_rng([scene.seed, 1]).bytes(2 * count), np.int8).astype(np.int16)
    # The sum of two dice is near enough to a camera's noise, and needs no logarithm.
    noise = ((draws[:count] + draws[count:]) * scene.noise) >> 8
    noisy = np.asarray(image).astype(np.int16) + noise.reshape(image.height, image.width, 3)
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))
