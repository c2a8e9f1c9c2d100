"""The same faces with a drawing over them, or with fewer pixels: what that alone costs, for the cards."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from keypoints.evaluation import metrics
from keypoints.landmarks import average
from keypoints.models.trained import Trained
from keypoints.overlays import placing
from keypoints.reports.release.conditions import Annotated

SIDES = (64, 32, 16)  # of a shrunk face, pixels


def measure_changes(trained: Trained, shown: Annotated, found: np.ndarray) -> list[dict[str, Any]]:
    """A row for each change: its name, NME (%), the share above 8 %; of a drawing also what it hides.

    `found` (N, K, 2) are the net's points on the faces as they are, pixels of the crops, with the mirrored
    face, as they are looked for here.

    hidden: share of the points that the drawing covers; hidden_nme, bare_nme: the mean error of these, with
    the drawing and without it, %
    """
    rows = [{"name": "as they are"} | _summarise(shown, found)]
    bare = _point_nme(shown, found)
    for name in placing.OVERLAYS:
        crops, hidden = wear(shown, name)
        seen = trained.points(crops, flip=True)
        row = {"name": name} | _summarise(shown, seen) | {"hidden": hidden.mean()}
        if hidden.any():
            row |= {"hidden_nme": _point_nme(shown, seen)[hidden].mean(), "bare_nme": bare[hidden].mean()}
        rows.append(row)
    for side in SIDES:
        crops = shrink(shown, side)
        if not np.array_equal(crops, shown.faces.crops()):
            seen = trained.points(crops, flip=True)
            rows.append({"name": f"sides of {side} pixels"} | _summarise(shown, seen))
    return rows


def wear(shown: Annotated, name: str) -> tuple[np.ndarray, np.ndarray]:
    """The crops (N, H, W, C) uint8 of faces that wear an overlay; which of the net's points (N, K) it hides.

    A point is hidden where the drawing is more than half opaque.
    """
    crops, hidden = shown.faces.crops().copy(), np.zeros(shown.faces.points.shape[:2], bool)
    for i, points in enumerate(shown.points):
        image = to_image(crops[i]).convert("RGB")
        (left, top, *_), drawing = placing.patch(name, image.size, points, shown.scheme)
        worn = Image.fromarray(drawing)
        image.paste(worn, (int(left), int(top)), worn)
        crops[i] = np.asarray(image.convert(to_image(crops[i]).mode)).reshape(crops[i].shape)
        opaque = np.pad(drawing[..., 3] > 127, 1)  # what lies outside of the drawing is not hidden
        x, y = np.rint(shown.faces.points[i] - (left, top)).astype(int).T + 1
        hidden[i] = opaque[np.clip(y, 0, opaque.shape[0] - 1), np.clip(x, 0, opaque.shape[1] - 1)]
    return crops, hidden


def shrink(shown: Annotated, side: int) -> np.ndarray:
    """The crops (N, H, W, C) uint8 with no more pixels of a face than if its side had so many."""
    crops = shown.faces.crops().copy()
    for i, points in enumerate(shown.points):
        image, factor = to_image(crops[i]), side / np.sqrt(np.ptp(points, axis=0).prod())
        if factor < 1:
            width, height = (max(1, round(factor * pixels)) for pixels in image.size)
            small = image.resize((width, height), Image.Resampling.BILINEAR)
            crops[i] = np.asarray(small.resize(image.size, Image.Resampling.BILINEAR)).reshape(crops[i].shape)
    return crops


def to_image(crop: np.ndarray) -> Image.Image:
    return Image.fromarray(crop[..., 0] if crop.shape[-1] == 1 else crop)


def _point_nme(shown: Annotated, found: np.ndarray) -> np.ndarray:
    """The error of each point (N, K), %."""
    truth, predicted = (shown.faces.in_image(points) for points in (shown.faces.points, found))
    return 100 * metrics.point_errors(truth, predicted) / shown.faces.eye_distance[:, None]


def _summarise(shown: Annotated, found: np.ndarray) -> dict[str, float]:
    nme = average(_point_nme(shown, found), axis=1)
    return {"nme": nme.mean(), "fr_8": (nme > metrics.LIMIT).mean()}
