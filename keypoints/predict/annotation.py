"""Boxes, outlines, points and overlays drawn on a photograph, at its full size."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from keypoints.errors import UserError
from keypoints.landmarks import IBUG, Scheme
from keypoints.pictures.colours import BOX, FOUND, PREDICTED, TRUTH, to_rgb
from keypoints.predict.faces.face import Face

POSE = "pose"  # the overlay that shows how a head is turned
AXES = PREDICTED, TRUTH, FOUND  # to the head's side, down, and where it looks
ORIGIN = 30  # the nose tip, of 68 points
_SHIFT = 4  # OpenCV draws to a sixteenth of a pixel


def draw(
    image: Image.Image, faces: Sequence[Face], scheme: Scheme, overlay: str | None = None
) -> Image.Image:
    """A copy of the picture (mode RGB) with this overlay on every face, or else with their points.

    `POSE` is the points and the head's axes: to its side on the picture's right, down, and where it looks.
    Raises `UserError` for an unknown overlay, and for a scheme without the points that it needs.
    """
    check(overlay, scheme)
    if overlay is None:
        return draw_points(image, faces, scheme)
    if overlay == POSE:
        return draw_axes(draw_points(image, faces, scheme), faces)
    from keypoints import overlays

    return overlays.draw(image, [face.points for face in faces], overlay, scheme)


def check(overlay: str | None, scheme: Scheme) -> None:
    """Raise `UserError` for an unknown overlay, and for a scheme without the points that it needs."""
    if overlay == POSE and scheme is not IBUG:
        raise UserError(f"{scheme.points} point(s) do not say how a head is turned: 68 do")
    if overlay not in (None, POSE):
        from keypoints import overlays

        overlays.check(str(overlay), scheme)


def draw_points(image: Image.Image, faces: Sequence[Face], scheme: Scheme) -> Image.Image:
    """A copy of the picture (mode RGB) with every face's box, outlines and points.

    The width of the lines follows the size of the face, so that they are visible on large photographs too.
    """
    import cv2

    canvas = np.array(image)
    box_colour, line, point = to_rgb(BOX), to_rgb(TRUTH), to_rgb(PREDICTED)
    for face in faces:
        width = max(1, round(max(face.box[2:]) / 160))
        left, top, across, down = face.box
        corners = np.array([(left, top), (left + across - 1, top + down - 1)])
        cv2.rectangle(canvas, *_fixed(corners), box_colour, width, cv2.LINE_AA, _SHIFT)
        runs = [_fixed(face.points[list(run)]) for run in scheme.outlines]
        cv2.polylines(canvas, [np.array(run) for run in runs], False, line, width, cv2.LINE_AA, _SHIFT)
        for centre in _fixed(face.points):
            cv2.circle(canvas, centre, round(1.3 * width * 2**_SHIFT), point, -1, cv2.LINE_AA, _SHIFT)
    return Image.fromarray(canvas)


def draw_axes(image: Image.Image, faces: Sequence[Face]) -> Image.Image:
    """A copy of the picture (mode RGB) with three axes on every face that has a pose."""
    import cv2

    canvas = np.array(image)
    for face in faces:
        if face.pose is None:  # its points lie on one spot
            continue
        side = max(face.box[2:])
        for colour, tip in zip(AXES, face.pose.matrix[:2].T, strict=True):
            ends = _fixed(np.stack([face.points[ORIGIN], face.points[ORIGIN] + tip * side / 2]))
            cv2.line(canvas, *ends, to_rgb(colour), max(2, round(side / 60)), cv2.LINE_AA, _SHIFT)
    return Image.fromarray(canvas)


def _fixed(points: np.ndarray) -> list[tuple[int, int]]:
    """Points (N, 2) in OpenCV's fixed-point numbers; clipped, because points far outside would overflow."""
    near = np.clip(points, -1e5, 1e5) * 2**_SHIFT
    return [(int(x), int(y)) for x, y in np.round(near)]
