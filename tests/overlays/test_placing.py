"""Overlays: each sits where a thing of its kind sits, on every scheme, size and turn of a face."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from keypoints.errors import UserError
from keypoints.landmarks import IBUG, IMM, NOSE
from keypoints.overlays import drawings, placing
from keypoints.synthetic.drawing import Drawing, Scene, draw
from keypoints.synthetic.head import Expression, Person, Pose

SIZE = (320, 400)


def face(yaw: float = 0, roll: float = 0, scale: float = 90) -> Drawing:
    return draw(Person(), Expression(), Pose(160, 220, scale, yaw, 0, roll), Scene(noise=0, shapes=0), SIZE)


FACE = face()


def layer(name: str, size: tuple[int, int], points: np.ndarray, scheme=IBUG) -> np.ndarray:
    """The overlay alone, RGBA uint8 (H, W, 4), on a clear picture of this size."""
    (left, top, width, height), pixels = placing.patch(name, size, points, scheme)
    whole = np.zeros((size[1], size[0], 4), np.uint8)
    whole[top : top + height, left : left + width] = pixels
    return whole


def worn(name: str, drawing: Drawing = FACE, scheme=IBUG) -> np.ndarray:
    """How opaque the overlay is, 0…1 (H, W)."""
    points = drawing.ibug if scheme is IBUG else drawing.imm
    return layer(name, SIZE, points, scheme)[..., 3] / 255


def at(opaque: np.ndarray, *points: np.ndarray) -> np.ndarray:
    return np.array([opaque[round(y), round(x)] for x, y in points])


@pytest.mark.parametrize("scheme", [IBUG, IMM])
@pytest.mark.parametrize("drawing", [FACE, face(yaw=25), face(roll=-30), face(scale=40)])
def test_each_sits_right(drawing, scheme):
    p = drawing.ibug  # what is looked at, whichever points it was laid on by
    eyes, lips, chin = [p[36:42].mean(0), p[42:48].mean(0)], p[62:63].mean(0), p[8]
    up = (p[27] - p[8]) / np.linalg.norm(p[27] - p[8])
    glasses = at(worn("glasses", drawing, scheme), *eyes)
    assert (glasses > 0.3).all() and (glasses < 0.8).all()  # one sees the eyes through them
    assert at(worn("glasses", drawing, scheme), lips, chin, p[33]).max() == 0

    moustache = worn("moustache", drawing, scheme)
    assert at(moustache, 0.6 * p[33] + 0.4 * p[51], 0.5 * p[50] + 0.5 * p[32])[0] > 0.8
    assert at(moustache, *eyes, chin, p[30], p[57]).max() == 0

    hat = worn("hat", drawing, scheme)
    forehead = p[[19, 24]].mean(0) + up * np.linalg.norm(p[36] - p[45]) * 0.6
    assert at(hat, forehead).min() > 0.95 and at(hat, *eyes, p[30], chin).max() == 0

    mask = worn("mask", drawing, scheme)
    assert (
        at(mask, lips, p[33], p[57], 0.9 * chin + 0.1 * lips, p[[5, 33]].mean(0), p[[11, 33]].mean(0)).min()
        > 0.9
    )
    assert at(mask, *eyes, p[19], p[24]).max() == 0


@pytest.mark.parametrize("name", placing.OVERLAYS)
def test_turns_with_the_face(name):
    """A quarter turn of picture and points turns the overlay."""
    upright = layer(name, SIZE, FACE.ibug, IBUG).astype(int)
    points = np.stack([FACE.ibug[:, 1], SIZE[0] - 1 - FACE.ibug[:, 0]], axis=1)
    turned = layer(name, SIZE[::-1], points, IBUG).astype(int)
    assert np.abs(np.rot90(upright)[..., 3] - turned[..., 3]).max() <= 24
    assert np.abs(np.rot90(upright)[..., 3] - turned[..., 3]).mean() < 0.1


@pytest.mark.parametrize("yaw, roll", [(0, 0), (30, 20)])
def test_no_dark_fringe(monkeypatch, yaw, roll):
    """Where a white thing is half there, it is still white."""
    disc = placing.Overlay(
        lambda sheet: sheet.paint(sheet.area(drawings.ring(0, 0.5, 0.6, 0.6)), (255, 255, 255)),
        (-1, -0.5, 1, 1.5),
        placing.OVERLAYS["glasses"].anchors,
    )
    monkeypatch.setitem(placing.OVERLAYS, "disc", disc)
    pixels = layer("disc", SIZE, face(yaw, roll).ibug, IBUG)
    seen = pixels[..., 3] >= 8
    assert (pixels[seen][:, 3] < 250).any() and pixels[seen][:, :3].min() >= 250


def test_a_patch_is_the_drawing_in_small():
    whole, exact = placing.patch("hat", SIZE, FACE.ibug, IBUG)
    place, small = placing.patch("hat", SIZE, FACE.ibug, IBUG, longest=50)
    assert place == whole and max(small.shape[:2]) == 50 and exact.shape[:2] == whole[3:1:-1]
    reduced = np.asarray(Image.fromarray(exact[..., 3]).resize(small.shape[1::-1], Image.Resampling.BOX))
    assert np.abs(reduced.astype(int) - small[..., 3]).mean() < 6


def test_draw_changes_only_what_is_worn():
    before = FACE.image.tobytes()
    after = placing.draw(FACE.image, [FACE.ibug, FACE.ibug + [2000, 0]], "mask", IBUG)
    assert FACE.image.tobytes() == before
    changed = (np.asarray(after) != np.asarray(FACE.image)).any(-1)
    assert changed.sum() > 5000 and not changed[worn("mask") == 0].any()


@pytest.mark.parametrize("points", [np.full((68, 2), 50.0), FACE.ibug - 5000, FACE.ibug * 1e-3])
@pytest.mark.parametrize("name", placing.OVERLAYS)
def test_nothing_to_see(name, points):
    assert not layer(name, SIZE, points, IBUG).any()


@pytest.mark.parametrize(
    "name, scheme, words",
    [("crown", IBUG, "none of glasses, moustache, hat, mask"), ("hat", NOSE, "1 point")],
)
def test_refusals_are_one_line(name, scheme, words):
    with pytest.raises(UserError, match=words) as error:
        placing.patch(name, SIZE, np.zeros((scheme.points, 2)), scheme)
    assert "\n" not in str(error.value)
