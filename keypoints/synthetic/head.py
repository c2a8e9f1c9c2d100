"""A small 3-D head for the drawn faces: who, with what expression, turned how -> landmarks and outlines.

Head coordinates: x to the picture's right, y down, z towards us; the origin is
midway between the outer eye corners and their distance is the unit. The proportions follow the
mean shapes of the marked data sets; the curves and depths are ours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from keypoints.landmarks import IBUG, IMM

Colour = tuple[int, int, int]

SKINS = ((255, 224, 200), (246, 205, 172), (231, 184, 147), (205, 153, 113), (166, 115, 80), (118, 80, 58))
HAIRS = (
    (38, 30, 30),
    (66, 44, 34),
    (104, 68, 42),
    (150, 98, 52),
    (204, 162, 98),
    (150, 62, 36),
    (158, 154, 152),
)
IRISES = ((82, 52, 34), (110, 74, 40), (74, 110, 74), (78, 120, 160), (104, 116, 126))
CLOTHES = (
    (58, 84, 122),
    (150, 62, 62),
    (196, 178, 150),
    (70, 110, 92),
    (64, 64, 74),
    (206, 206, 210),
    (176, 128, 60),
)
STYLES = ("short", "short", "parted", "fringe", "long", "long", "curly", "bald")

# The picture's left half of the head, and its middle; mirrored by the scheme's partners.
JAW = np.array(  # t = 0…8 from ear to chin: half width, y, z of the edge, how far the cheek bulges forward
    [
        (0.79, -0.01, -0.7, 0.92),
        (0.777, 0.2, -0.68, 0.92),
        (0.75, 0.405, -0.62, 0.9),
        (0.708, 0.605, -0.52, 0.8),
        (0.632, 0.8, -0.36, 0.62),
        (0.515, 0.972, -0.16, 0.42),
        (0.365, 1.115, 0.05, 0.22),
        (0.192, 1.222, 0.2, 0.07),
        (0.0, 1.262, 0.27, 0.0),
    ]
)
TEMPLES = np.array([(0.8, -0.22, -0.7, 0.86), (0.775, -0.45, -0.7, 0.79), (0.7, -0.66, -0.7, 0.68)])
HALF = {
    17: (-0.665, -0.145, -0.22), 18: (-0.55, -0.222, -0.06), 19: (-0.415, -0.247, 0.1),
    20: (-0.275, -0.225, 0.18), 21: (-0.14, -0.178, 0.22),
    27: (0, -0.02, 0.2), 28: (0, 0.13, 0.28), 29: (0, 0.277, 0.38), 30: (0, 0.42, 0.48),
    31: (-0.15, 0.513, 0.25), 32: (-0.077, 0.54, 0.32), 33: (0, 0.56, 0.35),
    36: (-0.5, 0, -0.03), 37: (-0.415, -0.066, 0.06), 38: (-0.295, -0.066, 0.1), 39: (-0.2, 0.022, 0.09),
    40: (-0.298, 0.055, 0.1), 41: (-0.412, 0.052, 0.05),
    48: (-0.291, 0.75, 0.12), 49: (-0.18, 0.715, 0.26), 50: (-0.075, 0.69, 0.33), 51: (0, 0.707, 0.34),
    57: (0, 0.888, 0.31), 58: (-0.085, 0.882, 0.3), 59: (-0.19, 0.838, 0.22),
    60: (-0.255, 0.757, 0.13), 61: (-0.08, 0.774, 0.31), 62: (0, 0.783, 0.32), 67: (-0.08, 0.781, 0.31),
    66: (0, 0.79, 0.32),
}  # fmt: skip
# IMM 47…51.
NOSE_SIDE = np.array(
    [
        (-0.09, 0.02, 0.14),
        (-0.112, 0.25, 0.2),
        (-0.178, 0.37, 0.17),
        (-0.2, 0.47, 0.18),
        (-0.105, 0.532, 0.28),
    ]
)
BROW_DEPTH = np.array(
    [0.012, 0.05, 0.06, 0.066, 0.07]
)  # of the brow below its upper edge, outer to inner end
CENTRE = np.array([0.0, 0.3, -0.55])  # what the head turns about


@dataclass(frozen=True)
class Person:
    """What a face keeps from picture to picture; numbers are -1…1, 0 is the average."""

    width: float = 0
    jaw: float = 0
    chin: float = 0
    eye_spacing: float = 0
    eye_size: float = 0
    nose_length: float = 0
    nose_width: float = 0
    mouth_width: float = 0
    lips: float = 0
    brow_height: float = 0
    brow_arch: float = 0
    brow_depth: float = 0
    skin: Colour = SKINS[1]
    hair: Colour = HAIRS[1]
    iris: Colour = IRISES[0]
    cloth: Colour = CLOTHES[0]
    style: str = "short"
    beard: bool = False
    glasses: bool = False

    @classmethod
    def random(cls, rng: np.random.Generator) -> Person:
        """Somebody, drawn with `rng`."""
        shape = [round(v, 3) for v in (rng.random(12) * 2 - 1).tolist()]
        tone = float(rng.random()) * (len(SKINS) - 1.001)
        skin = mix(SKINS[int(tone)], SKINS[int(tone) + 1], tone % 1)
        hair = HAIRS[int(rng.integers(3 if tone > 3 else len(HAIRS)))]
        iris = IRISES[int(rng.integers(2 if tone > 3 else len(IRISES)))]
        style = STYLES[int(rng.integers(len(STYLES)))]
        beard = style != "long" and rng.random() < 0.3
        cloth = CLOTHES[int(rng.integers(len(CLOTHES)))]
        glasses = bool(rng.random() < 0.2)
        return cls(*shape, skin, hair, iris, cloth, style, bool(beard), glasses)  # type: ignore[call-arg]


@dataclass(frozen=True)
class Expression:
    """`mouth` open 0…1, `smile` -1…1, `brows` raised -1…1, `eyes` closed 0…1, `gaze` -1…1."""

    mouth: float = 0
    smile: float = 0
    brows: float = 0
    eyes: float = 0
    gaze: float = 0


@dataclass(frozen=True)
class Pose:
    """Where the head is: x, y and scale (distance of the outer eye corners) in pixels; degrees.

    Positive yaw turns to the picture's right, pitch down, roll clockwise. (x, y) is the middle of
    the head, about the height of the nose.
    """

    x: float
    y: float
    scale: float
    yaw: float = 0
    pitch: float = 0
    roll: float = 0


class Head:
    """A posed head: the landmarks of both schemes, and every outline that the painting needs."""

    def __init__(self, person: Person, expression: Expression, pose: Pose) -> None:
        self.person, self.expression, self.pose = person, expression, pose
        yaw, pitch, roll = (math.radians(v) for v in (pose.yaw, pose.pitch, pose.roll))
        self.turn = [(math.cos(v), math.sin(v)) for v in (yaw, pitch, roll)]
        points, jaw, nose, brows = _shape(person, expression)
        left, right = self._edge(jaw, -1), self._edge(jaw, 1)
        points[:17] = np.concatenate([left, right[-2::-1]])
        self.ibug = self.project(points)
        temples = TEMPLES * [1 + 0.05 * person.width, 1, 1, 1]
        self.temples = self.project(self._edge(temples, -1)), self.project(self._edge(temples, 1))
        self.nose = [self.project(self._nose_edge(nose, points[27:31], side)) for side in (-1, 1)]
        # Each brow from its outer to its inner end: the upper and the lower edge.
        self.brows = []
        for run in (slice(17, 22), slice(26, 21, -1)):
            upper = points[run]
            lower = upper + np.stack([0 * brows, brows, 0 * brows], axis=1)
            self.brows.append((self.project(upper), self.project(lower)))
        self.eyes = []  # of each eye, outer to inner corner: the upper and the lower lid
        for lids in (((36, 37, 38, 39), (36, 41, 40, 39)), ((45, 44, 43, 42), (45, 46, 47, 42))):
            self.eyes.append((self.ibug[list(lids[0])], self.ibug[list(lids[1])]))
        self.imm = self._imm()

    def project(self, points: ArrayLike) -> np.ndarray:
        """Head coordinates (…, 3) to pixels (…, 2): turned, then scaled weak perspective."""
        x, y, z = np.moveaxis(np.asarray(points, np.float64) - CENTRE, -1, 0)
        (cy, sy), (cp, sp), (cr, sr) = self.turn
        x, z = x * cy + z * sy, z * cy - x * sy
        y = y * cp + z * sp
        x, y = x * cr - y * sr, x * sr + y * cr
        return np.stack([self.pose.x + self.pose.scale * x, self.pose.y + self.pose.scale * y], axis=-1)

    def _edge(self, ribs: np.ndarray, side: int) -> np.ndarray:
        """The visible edge of the face on one side: (n, 4) as in `JAW` -> (n, 3).

        On the near side that is the jaw itself; on the far side the cheek hides the jaw, and the
        edge is the outermost point of the elliptic rib, as people mark it.
        """
        a, y, z, depth = ribs.T
        cos, sin = self.turn[0]
        far = max(0.0, side * sin)
        x, bulge = a * cos, depth * far
        long = np.sqrt(x * x + bulge * bulge) + 1e-12
        sine = x / long if far else np.ones_like(a)
        return np.stack([side * a * sine, y, z + depth * bulge / long], axis=1)

    def _nose_edge(self, points: np.ndarray, ridge: np.ndarray, side: int) -> np.ndarray:
        """IMM's points of one side of the nose; where the bridge hides them, its edge instead."""
        points = points * [-side, 1, 1]
        cos, sin = self.turn[0]
        over = curve(ridge, np.array([0.3, 1.8, 2.5]))
        hidden = side * (over[:, 0] * cos + over[:, 2] * sin) > side * (
            points[:3, 0] * cos + points[:3, 2] * sin
        )
        points[:3][hidden] = over[hidden]
        return points

    def _imm(self) -> np.ndarray:
        """The 58 points, which lie on the curves of the 68."""
        imm, p = np.empty((IMM.points, 2)), self.ibug
        steps = np.array([2.65, 3.5, 4.4, 5.4, 6.35, 7.15])
        imm[:13] = curve(p[:17], np.concatenate([steps, [8], 16 - steps[::-1]]))
        lids = np.array([0, 0.75, 1.5, 2.25, 3])
        for first, brow, eye, side in ((13, 29, 1, 1), (21, 34, 0, 0)):
            upper, lower = self.eyes[eye]
            imm[first : first + 5] = curve(upper, lids)
            imm[first + 5 : first + 8] = curve(lower, lids[3:0:-1])
            above, below = self.brows[side]
            imm[brow] = (above[4] + below[4]) / 2
            imm[brow + 1 : brow + 4] = curve(above, np.array([3.0, 1.75, 0.9]))
            imm[brow + 4] = curve(below, np.array([0.3]))[0]
        imm[39:47] = p[[48, 50, 51, 52, 54, 56, 57, 58]]
        imm[47:58] = np.concatenate([self.nose[0], p[33:34], self.nose[1][::-1]])
        return imm


def curve(points: np.ndarray, at: np.ndarray | int) -> np.ndarray:
    """Catmull-Rom curve through (n, d), point k at parameter k: at parameters (m,), or so many even ones."""
    last = len(points) - 1
    t = np.arange(at) * (last / (at - 1)) if isinstance(at, int) else np.asarray(at, np.float64)
    k = np.minimum(t.astype(int), last - 1)
    u = (t - k)[:, None]
    ends = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    a, b, c, d = (ends[k + i] for i in range(4))
    return b + u * (c - a + u * (2 * a - 5 * b + 4 * c - d + u * (3 * b - a - 3 * c + d))) / 2


def _shape(who: Person, face: Expression) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The head before it turns: points (68, 3) without jaw, jaw (9, 4), nose side (5, 3), brow depth (5,)."""
    points = np.zeros((IBUG.points, 3))
    for k, place in HALF.items():
        points[k] = place
        if IBUG.partners[k] != k:
            points[IBUG.partners[k]] = place[0] * -1, *place[1:]
    side = np.sign(points[:, 0])
    jaw, nose = JAW.copy(), NOSE_SIDE.copy()
    fall = np.array([0, 0, 0, 0.05, 0.2, 0.45, 0.75, 0.95, 1])  # of the jaw as the mouth opens
    jaw[:, 0] *= 1 + 0.05 * who.width + 0.07 * who.jaw * np.array([0, 0, 0.1, 0.5, 0.9, 1, 1, 1, 0])
    jaw[:, 1] += fall * (0.08 * who.chin + 0.2 * face.mouth)

    eyes = slice(36, 48)
    middle = np.repeat([points[36:42].mean(0), points[42:48].mean(0)], 6, axis=0)
    points[eyes] = middle + (points[eyes] - middle) * (1 + 0.13 * who.eye_size)
    points[[37, 38, 43, 44], 1] += 0.022 * (-0.8 * face.brows * (face.eyes < 0.3))
    squint = 0.25 * max(0.0, face.smile)
    points[[40, 41, 46, 47], 1] -= 0.045 * squint
    for upper, lower in ((37, 41), (38, 40), (43, 47), (44, 46)):
        points[upper] += (points[lower] - points[upper]) * 0.9 * face.eyes
    points[eyes, 0] += side[eyes] * 0.025 * who.eye_spacing

    brow = slice(17, 27)
    arch = np.array([0, 0.7, 1, 0.6, 0])
    points[brow, 1] -= 0.025 * who.brow_height + 0.07 * face.brows
    points[brow, 1] -= 0.025 * who.brow_arch * np.concatenate([arch, arch[::-1]])

    for part in (points[27:36], nose):
        part[:, 1] += (part[:, 1] + 0.02) * 0.09 * who.nose_length
    points[31:36, 0] *= 1 + 0.17 * who.nose_width + 0.08 * face.smile
    nose[2:, 0] *= 1 + 0.17 * who.nose_width + 0.08 * face.smile

    mouth = slice(48, 68)
    line = 0.78  # where the lips meet
    inner = slice(60, 68)
    lower_lip = np.array([55, 56, 57, 58, 59, 65, 66, 67])
    thick = points[48:60, 1] - line
    points[48:60, 1] = line + thick * (1 + 0.22 * who.lips)
    wide = np.abs(points[mouth, 0]) / 0.29
    points[mouth, 0] *= 1 + 0.1 * who.mouth_width + 0.16 * face.smile - 0.12 * face.mouth
    points[mouth, 1] += 0.03 * who.nose_length - face.smile * (0.085 * wide * wide - 0.02)
    points[mouth, 2] -= 0.05 * max(0.0, face.smile) * wide
    points[lower_lip, 1] += 0.27 * face.mouth * np.array([0.72, 0.95, 1, 0.95, 0.72, 1, 1.04, 1])
    points[[48, 54, 60, 64], 1] += 0.1 * face.mouth
    points[inner, 1] += 0.004 * face.mouth
    return points, jaw, nose, BROW_DEPTH * (1 + 0.3 * who.brow_depth)


def mix(a: Colour, b: Colour, share: float) -> Colour:
    """`share` of the colour b in a; beyond 0…1 it goes on, held to 0…255."""
    return tuple(min(255, max(0, round(x + (y - x) * share))) for x, y in zip(a, b, strict=True))  # type: ignore
