"""What a face can wear, painted by curves: glasses, a moustache, a hat, a mask.

Coordinates are those of the frame of the face (see `placing.py`). The left half of what is symmetric
is the mirror of the right one.
"""

from __future__ import annotations

import numpy as np

from keypoints.crops import Region

Curve = np.ndarray  # (N, 2) x, y in the frame of the face
Colour = tuple[int, int, int]
FIXED = 4  # bits of OpenCV's sub-pixels


class Sheet:
    """A clear sheet to paint on: `pixels` (H, W, 4) float32 0…1, premultiplied by their alpha.

    `box` is what it shows: left, top, right, bottom; `density` its pixels per unit.
    """

    def __init__(self, box: Region, density: int) -> None:
        self.corner, self.density = np.array(box[:2]), density
        width, height = round((box[2] - box[0]) * density), round((box[3] - box[1]) * density)
        self.pixels = np.zeros((height, width, 4), np.float32)
        self.x = box[0] + (np.arange(width, dtype=np.float32) + 0.5) / density

    def area(self, *curves: Curve, soft: float = 0.0) -> np.ndarray:
        """How much of each pixel lies within closed curves, 0…1 (H, W); where two overlap: a hole.

        `soft` blurs its edge, in units.
        """
        import cv2

        area = np.zeros(self.pixels.shape[:2], np.uint8)
        corners = [((c - self.corner) * self.density - 0.5) * 2**FIXED for c in curves]
        cv2.fillPoly(area, [c.round().astype(np.int32) for c in corners], 255, cv2.LINE_AA, FIXED)
        if soft:
            area = cv2.GaussianBlur(area, (0, 0), soft * self.density)
        return area.astype(np.float32) / 255

    def paint(self, area: np.ndarray, top: Colour, bottom: Colour | None = None, alpha: float = 1.0) -> None:
        """Lay a colour over an area; down from `top` to `bottom`, evenly over the height of the area."""
        rows, columns = np.flatnonzero(area.any(1)), np.flatnonzero(area.any(0))
        if not len(rows):
            return
        part = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        share = np.linspace(0, 1, rows[-1] - rows[0] + 1, dtype=np.float32)[:, None, None]
        start, end = (np.array(colour, np.float32) for colour in (top, bottom or top))
        colour = (start * (1 - share) + end * share) / 255
        cover = (area[part] * np.float32(alpha))[..., None]
        self.pixels[part] *= 1 - cover
        self.pixels[part] += cover * np.concatenate([colour, np.ones_like(share)], axis=-1)


def curve(*points: tuple[float, float], closed: bool = True, rounds: int = 4) -> Curve:
    """A smooth curve along the polygon through `points`, by cutting its corners (Chaikin, 1974)."""
    line = np.array(points, np.float64)
    for _ in range(rounds):
        after = np.roll(line, -1, axis=0) if closed else line[1:]
        before = line if closed else line[:-1]
        cut = np.stack([0.75 * before + 0.25 * after, 0.25 * before + 0.75 * after], axis=1).reshape(-1, 2)
        line = cut if closed else np.concatenate([line[:1], cut[1:-1], line[-1:]])
    return line


def ring(x: float, y: float, across: float, down: float, power: float = 2.0) -> Curve:
    """An ellipse round (x, y), squarer with a higher power."""
    angle = np.linspace(0, 2 * np.pi, 96, endpoint=False)
    sides = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return [x, y] + np.sign(sides) * np.abs(sides) ** (2 / power) * [across, down]


def ribbon(line: Curve, width: float, end: float | None = None) -> Curve:
    """A closed band along a line, `width` broad, and `end` at its end."""
    along = np.gradient(line, axis=0)
    normal = np.stack([-along[:, 1], along[:, 0]], axis=1) / (np.linalg.norm(along, axis=1)[:, None] + 1e-9)
    half = np.linspace(width, width if end is None else end, len(line))[:, None] / 2
    return np.concatenate([line + normal * half, (line - normal * half)[::-1]])


def mirror(line: Curve) -> Curve:
    """The curve on the other half of the face."""
    return line * [-1, 1]


def whole(half: Curve) -> Curve:
    """A closed curve from its right half, which starts and ends in the middle of the face."""
    return np.concatenate([half, mirror(half)[::-1]])


def glasses(sheet: Sheet) -> None:
    """Sunglasses that one still sees the eyes through."""
    black, edge, white = (22, 20, 24), (66, 60, 70), (255, 255, 255)
    bridge = curve((-0.13, -0.02), (-0.08, -0.08), (0.08, -0.08), (0.13, -0.02), closed=False)
    sheet.paint(sheet.area(ribbon(bridge, 0.065)), edge, black)
    arm = ribbon(curve((0.9, -0.13), (1.06, -0.12), (1.22, -0.07), closed=False), 0.1, 0.06)
    lens, rim = ring(0.522, 0.055, 0.37, 0.305, 2.7), ring(0.525, 0.045, 0.435, 0.37, 2.8)
    for shape in (lens, rim):
        shape[:, 0] += 0.06 * (0.06 - shape[:, 1])  # the outer upper corner drawn out
    for side, lean in ((1, 0.0), (-1, -1.04)):
        sheet.paint(sheet.area(arm * [side, 1]), edge, black)
        inside = sheet.area(lens * [side, 1])
        sheet.paint(inside, (28, 34, 52), (92, 88, 96), 0.5)
        for x, width in ((0.42, 0.15), (0.62, 0.04)):
            glint = np.array([(x, 0.45), (x + 0.22, -0.35), (x + 0.22 + width, -0.35), (x + width, 0.45)])
            sheet.paint(inside * sheet.area(glint + [lean, 0], soft=0.008), white, alpha=0.16)
        sheet.paint(sheet.area(rim * [side, 1], lens * [side, 1]), edge, black)
        shine = (rim[58:86] + [0, 0.022]) * [side, 1]
        sheet.paint(sheet.area(ribbon(shine, 0.016), soft=0.006), white, alpha=0.45)


def moustache(sheet: Sheet) -> None:
    """A handlebar moustache, hair by hair."""
    upper = curve((0, 0.9), (0.12, 0.84), (0.3, 0.88), (0.46, 1.0), (0.62, 0.98), (0.66, 0.8), closed=False)
    lower = curve((0, 1.0), (0.16, 1.06), (0.36, 1.14), (0.58, 1.14), (0.74, 1.0), (0.66, 0.8), closed=False)
    body = whole(np.concatenate([upper, lower[::-1]]))
    sheet.paint(sheet.area(body + [0, 0.03], soft=0.03), (30, 16, 10), alpha=0.3)
    shape = sheet.area(body, soft=0.006)
    sheet.paint(shape, (84, 54, 34), (46, 28, 18))
    rng = np.random.default_rng(5)
    tones = ((120, 82, 52), (30, 18, 12), (98, 64, 40), (58, 36, 24))
    for tone in tones:
        hairs = []
        for share in rng.random(26):
            start, length = rng.uniform(0, 0.6), rng.uniform(0.25, 0.4)
            hair = upper * (1 - share) + lower * share
            piece = hair[int(start * len(hair)) : int((start + length) * len(hair))]
            hairs += [ribbon(piece, 0.011, 0.003), ribbon(mirror(piece), 0.011, 0.003)]
        strands = np.max([sheet.area(hair) for hair in hairs], axis=0)
        sheet.paint(strands * shape, tone, alpha=0.7)


def hat(sheet: Sheet) -> None:
    """A felt hat with a ribbon."""
    light, dark, black = (150, 112, 78), (92, 64, 42), (26, 16, 10)
    top = ((0, -1.98), (0.34, -2.12), (0.8, -2.1), (1.0, -1.8), (1.14, -1.25), (1.24, -0.7), (0, -0.55))
    crown = sheet.area(whole(curve(*top, closed=False)))
    edge = ((0, -0.95), (1.1, -0.95), (1.65, -1.12), (2.1, -1.16), (2.05, -0.94), (1.35, -0.62), (0.5, -0.5))
    brim = whole(curve(*edge, (0, -0.5), closed=False))
    sheet.paint(sheet.area(brim + [0, 0.07], soft=0.05), black, alpha=0.3)
    sheet.paint(crown, light, dark)
    dent = curve((0, -2.02), (0.18, -1.85), (0.11, -1.5), (0, -1.35), (-0.11, -1.5), (-0.18, -1.85))
    sheet.paint(crown * sheet.area(dent, soft=0.05), dark, alpha=0.55)
    band = curve((-1.4, -1.12), (-0.65, -0.96), (0.65, -0.96), (1.4, -1.12), closed=False)
    sheet.paint(crown * sheet.area(ribbon(band, 0.32)), (70, 46, 40), (44, 30, 26))
    sheet.paint(crown * np.clip(np.abs(sheet.x + 0.25) / 1.4, 0, 1) ** 2.5, black, alpha=0.55)
    rolled = sheet.area(brim)
    sheet.paint(rolled, light, dark)
    fold = curve((-2.05, -1.12), (-1.3, -0.87), (0, -0.74), (1.3, -0.87), (2.05, -1.12), closed=False)
    sheet.paint(rolled * sheet.area(ribbon(fold, 0.1), soft=0.05), (190, 152, 112), alpha=0.5)


def mask(sheet: Sheet) -> None:
    """A surgical mask, its pleats, and its loops around the ears."""
    cloth, deep, white = (178, 215, 232), (128, 178, 206), (240, 244, 246)
    upper = ((0, 0.24), (0.18, 0.26), (0.42, 0.46), (0.75, 0.58), (1.02, 0.64), (1.1, 0.7), (1.1, 0.86))
    lower = ((0.98, 1.24), (0.75, 1.58), (0.42, 1.86), (0.18, 1.98), (0, 2.0))
    outline = whole(curve(*upper, *lower, closed=False))
    for start, end in ((0.68, 0.02), (1.15, 0.12)):
        loop = ribbon(curve((0.98, start), (1.12, (start + end) / 2), (1.24, end), closed=False), 0.035)
        sheet.paint(sheet.area(loop, mirror(loop)), white, (205, 214, 220))
    sheet.paint(sheet.area(outline + [0, 0.02], soft=0.03), (10, 20, 30), alpha=0.3)
    inside = sheet.area(outline)
    sheet.paint(inside, cloth, deep, 0.97)
    for depth in (0.0, 0.3, 0.6):
        pleat = curve(
            (-1.2, 0.78 + depth), (-0.5, 0.88 + depth), (0.5, 0.88 + depth), (1.2, 0.78 + depth), closed=False
        )
        sheet.paint(inside * sheet.area(ribbon(pleat + [0, 0.05], 0.1), soft=0.03), (70, 120, 154), alpha=0.4)
        sheet.paint(inside * sheet.area(ribbon(pleat, 0.025), soft=0.006), white, alpha=0.55)
    hollow = np.clip(np.abs(sheet.x) / 1.15, 0, 1) ** 3
    sheet.paint(inside * hollow, (50, 96, 130), alpha=0.35)
    seam = sheet.area(outline, (outline - [0, 1.1]) * [0.955, 0.94] + [0, 1.1])
    sheet.paint(seam, white, cloth, 0.6)
