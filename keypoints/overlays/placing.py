"""Drawings that a face wears: painted in code, laid over it by its landmarks.

A drawing is made in the *frame of the face*: the origin between the eyes, x to the right of the
picture, y down, the distance of the eyes' middles as unit. ANCHORS says where an average face has the
places that drawings hold on to, SITES which landmarks these are. From them comes the map between
picture and frame: shift, turn and scale alone where a thing is stiff, a thin-plate spline where it
gives way. An overlay is added by a function that paints it and a line in OVERLAYS.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image

from keypoints.crops import Region
from keypoints.errors import UserError
from keypoints.landmarks import IBUG, IMM, Scheme
from keypoints.overlays import drawings, warping

# Anchor -> (x, y) in the frame of the face; those of the left half, the others by mirror.
LEFT = {
    "left temple": (-1.18, 0.0),
    "left eye": (-0.5, 0.0),
    "left brow": (-0.57, -0.34),
    "left wing": (-0.22, 0.74),
    "left mouth": (-0.42, 1.11),
    "left jaw 0": (-1.06, 0.84),
    "left jaw 1": (-0.93, 1.21),
    "left jaw 2": (-0.70, 1.54),
    "left jaw 3": (-0.38, 1.81),
}
MIDDLE = {"bridge": (0.0, 0.0), "nose": (0.0, 0.81), "lip": (0.0, 1.05), "chin": (0.0, 1.92)}
ANCHORS = MIDDLE | LEFT | {name.replace("left", "right"): (-x, y) for name, (x, y) in LEFT.items()}

# Scheme -> anchor -> the landmarks whose mean it is; the jaw goes by JAWS, the right half by mirror.
SITES: dict[str, dict[str, tuple[int, ...]]] = {
    IBUG.name: {
        "left temple": (0,),
        "left eye": (36, 37, 38, 39, 40, 41),
        "left brow": (17, 18, 19, 20, 21),
        "left wing": (31,),
        "left mouth": (48,),
        "bridge": (27,),
        "nose": (33,),
        "lip": (51,),
    },
    IMM.name: {
        "left eye": (21, 22, 23, 24, 25, 26, 27, 28),
        "left brow": (34, 35, 36, 37, 38),
        "left wing": (50, 51),
        "left mouth": (39,),
        "bridge": (47, 57),
        "nose": (52,),
        "lip": (41,),
    },
}
JAWS = {IBUG.name: range(3, 14), IMM.name: range(13)}  # from beside the mouth over the chin to its other side
SHARPEST = 512  # pixels of a drawing a unit; a larger face gets it magnified


@dataclass(frozen=True)
class Overlay:
    """A thing to wear.

    paint:   paints it on a sheet
    box:     what it covers: left, top, right, bottom in the frame of the face
    anchors: the places that it holds on to; those that a scheme lacks are done without
    jaw:     whether it follows the jaw too
    stiff:   0: every anchor is met; more: it bends less; inf: it is only shifted, turned and scaled
    """

    paint: Callable[[drawings.Sheet], None]
    box: tuple[float, float, float, float]
    anchors: tuple[str, ...]
    jaw: bool = False
    stiff: float = 0.0


_EYES = ("left eye", "right eye", "left brow", "right brow", "left temple", "right temple")
_MOUTH = ("left wing", "right wing", "nose", "lip", "left mouth", "right mouth")
_HEAD = ("left temple", "right temple", "left eye", "right eye")
_LOWER = ("left temple", "right temple", "bridge", "nose")

OVERLAYS: dict[str, Overlay] = {
    "glasses": Overlay(drawings.glasses, (-1.3, -0.5, 1.3, 0.6), (*_EYES, "bridge", "nose"), stiff=2.0),
    "moustache": Overlay(drawings.moustache, (-0.85, 0.6, 0.85, 1.25), _MOUTH),
    "hat": Overlay(drawings.hat, (-2.2, -2.4, 2.2, -0.2), _HEAD, jaw=True, stiff=np.inf),
    "mask": Overlay(drawings.mask, (-1.3, -0.1, 1.3, 2.15), _LOWER, jaw=True),
}


def draw(image: Image.Image, faces: Sequence[np.ndarray], name: str, scheme: Scheme) -> Image.Image:
    """The picture (mode RGB) with every face, points (K, 2) in its pixels, wearing `name`.

    Raises `UserError` as `patch` does.
    """
    out = image.copy()
    for points in faces:
        (left, top, *_), pixels = patch(name, image.size, points, scheme)
        worn = Image.fromarray(pixels)
        out.paste(worn, (int(left), int(top)), worn)
    return out


def patch(
    name: str, size: tuple[int, int], points: np.ndarray, scheme: Scheme, longest: int | None = None
) -> tuple[Region, np.ndarray]:
    """One face's overlay: its place (left, top, width, height), pixels of the picture, and RGBA uint8 pixels.

    `size` is (width, height) of the picture, `points` (K, 2) are landmarks in its pixels. With `longest` no
    side has more pixels than that: one of them may then cover several of the picture. Raises `UserError`
    for an unknown name, and for a scheme without the points that it needs.
    """
    check(name, scheme)
    overlay = OVERLAYS[name]
    frame, picture = _anchors(name, points.astype(np.float64), scheme)
    density = np.sqrt(picture.var(0).sum() / frame.var(0).sum())  # pixels per unit
    seen = density >= 1  # a face on one spot (or nowhere: NaN) wears nothing
    region = left, top, width, height = _cover(overlay, frame, picture, size) if seen else (0, 0, 0, 0)
    if not width * height:
        return region, np.zeros((0, 0, 4), np.uint8)
    step = max(1.0, max(width, height) / longest) if longest else 1.0
    x = left - 0.5 + step * (np.arange(max(1, round(width / step))) + 0.5)
    y = top - 0.5 + step * (np.arange(max(1, round(height / step))) + 0.5)
    there = warping.fit(picture, frame, overlay.stiff)(np.stack(np.meshgrid(x, y), axis=-1))
    return region, _sample(name, there, density / step)


def check(name: str, scheme: Scheme) -> None:
    """Raise `UserError` for an unknown name, and for a scheme without the points that it needs."""
    if name not in OVERLAYS:
        raise UserError(f"the overlay {name!r} is none of {', '.join(OVERLAYS)}")
    if scheme.name not in SITES:
        raise UserError(f"{scheme.points} point(s) of {scheme.name} do not say where a face wears {name}")


def _anchors(name: str, points: np.ndarray, scheme: Scheme) -> tuple[np.ndarray, np.ndarray]:
    """Where the overlay's anchors are: (N, 2) in the frame of the face, (N, 2) in the unit of `points`."""
    sites = {}
    for anchor, ks in SITES[scheme.name].items():
        sites[anchor] = points[list(ks)].mean(0)
        sites[anchor.replace("left", "right")] = points[[scheme.partners[k] for k in ks]].mean(0)
    overlay = OVERLAYS[name]
    used = [anchor for anchor in overlay.anchors if anchor in sites]
    if overlay.jaw:
        run = points[list(JAWS[scheme.name])]
        halves = {"left": run[: len(run) // 2 + 1], "right": run[len(run) // 2 :][::-1]}
        for side, half in halves.items():
            spaced = warping.resample(half, 5)
            sites |= {f"{side} jaw {k}": spaced[k] for k in range(4)} | {"chin": spaced[4]}
        used += [anchor for anchor in ANCHORS if "jaw" in anchor or anchor == "chin"]
    return np.array([ANCHORS[anchor] for anchor in used]), np.array([sites[anchor] for anchor in used])


def _cover(
    overlay: Overlay, frame: np.ndarray, picture: np.ndarray, size: tuple[int, int]
) -> tuple[int, int, int, int]:
    """The pixels (left, top, width, height) of the picture that the overlay's box may touch."""
    left, top, right, bottom = overlay.box
    box = np.stack(np.meshgrid(np.linspace(left, right, 9), np.linspace(top, bottom, 9)), axis=-1)
    there = warping.fit(frame, picture, overlay.stiff)(box).reshape(-1, 2)
    low, high = np.clip([np.floor(there.min(0)), np.ceil(there.max(0)) + 1], 0, size).astype(int)
    return (*low.tolist(), *(high - low).tolist())


def _sample(name: str, at: np.ndarray, density: float) -> np.ndarray:
    """RGBA uint8 (H, W, 4) of the drawing at places (H, W, 2) of its frame, `density` pixels per unit."""
    import cv2

    fine = min(SHARPEST, 2 ** max(5, int(np.ceil(np.log2(2 * density)))))
    where = (at - OVERLAYS[name].box[:2]) * fine - 0.5
    # Four samples a pixel, else thin lines break where the map presses the drawing together.
    where = cv2.resize(where.astype(np.float32), None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)
    seen = cv2.remap(_paint(name, fine), where, None, cv2.INTER_LINEAR)
    seen = cv2.resize(seen, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA).astype(np.float32)
    alpha = seen[..., 3:]
    colour = np.minimum(seen[..., :3] * 255 / np.maximum(alpha, 1), 255)
    return np.concatenate([colour, alpha], axis=-1).round().astype(np.uint8)


@lru_cache(maxsize=16)
def _paint(name: str, density: int) -> np.ndarray:
    """The drawing, premultiplied RGBA uint8, at `density` pixels per unit."""
    overlay = OVERLAYS[name]
    sheet = drawings.Sheet(overlay.box, density)
    overlay.paint(sheet)
    return (sheet.pixels * 255).round().astype(np.uint8)
