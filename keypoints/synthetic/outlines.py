"""Outlines of a posed head that carry no landmark: skull, hair, ears, beard, neck, clothes, glasses.

Every function takes a `Head` and gives points (n, 2) in pixels of the picture.
"""

from __future__ import annotations

import math

import numpy as np

from keypoints.synthetic.head import Head, curve

SKULL = np.array([0.0, -0.22, -0.85]), np.array([0.84, 1.0, 0.95])  # an ellipsoid: middle and half axes
_OVAL = [(math.cos(k * math.pi / 18), math.sin(k * math.pi / 18)) for k in range(36)]


def skull(head: Head) -> np.ndarray:
    """The outline of an ellipsoid, itself an ellipse; hair makes it larger."""
    bulk = {"curly": 1.22, "bald": 1.0}.get(head.person.style, 1.1)
    middle, axes = SKULL
    middle = middle + np.array([0.0, 1.0 - bulk, 0.0])  # hair grows upwards
    axes = axes * bulk * [1 + 0.05 * head.person.width, 1, 1]
    origin = head.project(middle)
    arms = np.stack([head.project(middle + axis) - origin for axis in np.diag(axes)])
    # A turned ellipsoid's outline is the square root (Cholesky's) of its arms' covariance.
    xx, xy, yy = (arms[:, 0] ** 2).sum(), (arms[:, 0] * arms[:, 1]).sum(), (arms[:, 1] ** 2).sum()
    a = math.sqrt(xx)
    b, c = xy / a, math.sqrt(yy - xy * xy / xx)
    cos, sin = np.array([(math.cos(k * math.pi / 24), math.sin(k * math.pi / 24)) for k in range(48)]).T
    return origin + np.stack([a * cos, b * cos + c * sin], axis=1)


def hairline(head: Head) -> np.ndarray:
    """Over the forehead, from the picture's right temple to its left."""
    height = {"bald": -1.05, "fringe": -0.84, "parted": -0.86}.get(head.person.style, -0.88)
    middle, axes = SKULL
    top = []
    for x, drop in ((0.5, 0.09), (0.25, 0.02), (0.0, 0.0), (-0.25, 0.02), (-0.5, 0.09)):
        # On the skull, so that it never leaves the skull's outline.
        at = (np.array([x, height + drop, 0]) - middle) / axes
        top.append((x, height + drop, middle[2] + axes[2] * math.sqrt(max(0.0, 1 - at[0] ** 2 - at[1] ** 2))))
    left, right = head.temples
    return curve(np.concatenate([right, head.project(top), left[::-1]]), 41)


def ear(head: Head, side: int) -> np.ndarray:
    ring = [(0.0, -0.13, -0.62), (0.07, -0.17, -0.74), (0.11, -0.06, -0.82), (0.09, 0.14, -0.82)]
    ring += [(0.05, 0.3, -0.76), (0.0, 0.36, -0.68), (-0.04, 0.2, -0.62)]
    wide = 0.8 * (1 + 0.05 * head.person.width)
    points = np.array([(side * (wide + x), y, z) for x, y, z in ring])
    return head.project(curve(np.concatenate([points, points[:1]]), 29))


def beard(head: Head) -> np.ndarray:
    jaw = curve(head.ibug[:17], np.arange(2.4, 13.61, 0.2))
    p, down = head.ibug, (head.ibug[8] - head.ibug[27]) * 0.03
    cheeks = (p[4] + p[48]) / 2 - 2 * down, (p[12] + p[54]) / 2 - 2 * down
    moustache = np.stack([p[48] - 3 * down, *(p[[31, 33, 35]] + 2 * down), p[54] - 3 * down])
    return np.concatenate([jaw, cheeks[1:], curve(moustache, 17)[::-1], cheeks[:1]])


def nostrils(head: Head) -> list[np.ndarray]:
    """Two, above the nose's lower edge."""
    p, up = head.ibug, (head.ibug[30] - head.ibug[33]) * 0.16
    holes = []
    for wing, mid in ((31, 32), (35, 34)):
        ends = p[wing] * 0.55 + p[mid] * 0.45 + up, p[mid] * 0.8 + p[33] * 0.2 + up
        top = (ends[0] + ends[1]) / 2 + 2.0 * up
        holes.append(curve(np.stack([ends[0], top, ends[1], ends[0]]), 13))
    return holes


def iris(head: Head, eye: int) -> tuple[np.ndarray, np.ndarray]:
    """The middle of an iris and its half axes, which the turn of the head narrows."""
    upper = head.eyes[eye][0]
    middle = (upper[0] + upper[3]) / 2 + (upper[3] - upper[0]) * (
        0.03 + 0.16 * head.expression.gaze * (1, -1)[eye]
    )
    middle = middle - np.array([0, 0.012 * head.pose.scale])
    radius = 0.078 * (1 + 0.13 * head.person.eye_size) * head.pose.scale
    return middle, np.array([radius * (0.4 + 0.6 * head.turn[0][0]), radius])


def locks(head: Head) -> list[np.ndarray]:
    """Hair in front of the face."""
    style, line = head.person.style, hairline(head)
    crown = head.project([(0.0, -1.2, -0.4)])[0]
    if style == "fringe":
        tips = [(0.72, -0.28, -0.35), (0.5, -0.45, 0.0), (0.3, -0.5, 0.13), (0, -0.42, 0.2)]
        tips += [(-0.3, -0.5, 0.13), (-0.5, -0.43, 0.0), (-0.72, -0.28, -0.35)]
        return [np.concatenate([line[4:-4], curve(head.project(tips), 25)[::-1]])]
    if style == "parted":
        sweep = [(0.3, -0.9, 0.1), (-0.2, -0.6, 0.17), (-0.6, -0.45, -0.1), (-0.8, -0.1, -0.5)]
        return [np.concatenate([curve(head.project(sweep), 17), line[-2:10:-1], crown[None]])]
    if style == "long":
        out = []
        for side, edge in ((-1, head.temples[0]), (1, head.temples[1])):
            if side * head.turn[0][1] > 0.25:  # behind the face
                continue
            outer = [(side * 0.9, -0.5, -0.6), (side * 1.0, 0.2, -0.6), (side * 0.98, 0.9, -0.55)]
            outer += [(side * 0.86, 1.5, -0.5), (side * 0.72, 1.35, -0.5)]
            jaw = head.ibug[[2, 1, 0]] if side < 0 else head.ibug[[14, 15, 16]]
            inner = np.concatenate([jaw, edge])
            out.append(np.concatenate([curve(head.project(outer), 17), curve(inner, 17), crown[None]]))
        return out
    return []


def strands(head: Head) -> list[np.ndarray]:
    """Highlights from the crown to the hairline."""
    if head.person.style in ("bald", "curly"):
        return []
    line, middle = hairline(head), head.project(SKULL[0])
    crown = head.project([(0.0, -1.22, -0.6)])[0]
    out = []
    for k in range(9, 33, 4):
        bend = (line[k] + crown) / 2 + (line[k] - middle) * 0.1
        out.append(curve(np.stack([line[k], bend, crown]), np.arange(0.15, 1.4, 0.2)))
    return out


def mane(head: Head) -> np.ndarray:
    half = [(0.0, -1.3), (0.7, -1.1), (1.0, -0.5), (1.08, 0.2), (1.08, 1.0), (0.95, 1.65), (0.5, 1.8)]
    ring = [(x, y, -0.95) for x, y in half] + [(-x, y, -0.95) for x, y in half[:0:-1]]
    return curve(head.project([*ring, ring[0]]), 60)


def body(head: Head) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Neck, shoulders and collar; the body stays upright as the head turns."""
    unit = head.pose.scale
    under = head.project([(-0.5, 0.8, -0.5), (0.5, 0.8, -0.5), (0, 0.9, -0.6)])
    base = under[2] + np.array([0, 0.8 * unit])
    wide = np.array([0.56 * unit, 0])
    neck = np.stack([under[0], under[1], base + wide, base - wide])
    half = [(0.5, -0.14), (0.8, 0.0), (1.5, 0.2), (1.9, 0.55), (2.1, 1.4), (2.2, 6.0)]
    ring = np.array([(-x, y) for x, y in half[::-1]] + [(0.0, 0.25)] + half) * unit
    collar = np.array([(-0.5, -0.16), (-0.3, 0.18), (0, 0.34), (0.3, 0.18), (0.5, -0.16)]) * unit
    return neck, base + curve(ring, 60), base + curve(collar, 17)


def glasses(head: Head) -> list[tuple[np.ndarray, bool]]:
    """Lines, and whether they close."""
    out = []
    for side in (-1, 1):
        ring = [(side * (0.36 + 0.235 * c), 0.02 + 0.2 * s, 0.16 - 0.05 * c) for c, s in _OVAL]
        out.append((head.project(ring), True))
        if side * head.turn[0][1] < 0.35:
            out.append((head.project([(side * 0.6, -0.02, 0.1), (side * 0.82, -0.02, -0.6)]), False))
    out.append((curve(head.project([(-0.13, 0.0, 0.24), (0, -0.03, 0.3), (0.13, 0.0, 0.24)]), 7), False))
    return out
