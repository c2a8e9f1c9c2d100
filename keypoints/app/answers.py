"""The page's answer to a picture: the faces in it, and what they wear."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PIL import Image

from keypoints import overlays
from keypoints.app.models import Models
from keypoints.app.uploads import Refused
from keypoints.crops import Region, overlap
from keypoints.errors import UserError
from keypoints.landmarks import Scheme
from keypoints.pictures import images
from keypoints.predict.box_lists import parse_box

if TYPE_CHECKING:
    from keypoints.predict.faces.face import Face

MAX_BOXES = 100  # that the user draws in one picture
MAX_OVERLAY = 800  # pixels per side of an overlay as it is sent; the page enlarges it


@dataclass(frozen=True)
class Question:
    """A request about a picture.

    boxes:   where the faces are, pixels of the picture; None: where the detector finds them
    overlay: the name of the overlay on them, if any
    fast:    look at each face once, without its mirror image
    """

    part: str
    detector: str
    boxes: Sequence[Region] | None = None
    overlay: str | None = None
    fast: bool = False


def answer(models: Models, data: bytes, question: Question) -> dict[str, Any]:
    """The faces in a picture's bytes, ready for JSON. Raises `Refused`, and `UserError` as `Models.get`."""
    try:
        image = images.decode(data, 3, upright=True)
    except ValueError as error:
        why = str(error).partition(":")[0]  # what follows are Pillow's details
        raise Refused(422, f"This file cannot be read: {why}") from None
    check_boxes(question.boxes or [], image.size)
    predictor = models.get(question.part, question.detector, tta=not question.fast)
    try:
        faces = predictor(image, question.boxes)
    except ValueError as error:  # a box that is far too small or large
        raise Refused(422, str(error)) from None
    return {
        "width": image.width,
        "height": image.height,
        "outlines": predictor.scheme.outlines,
        "faces": [face.as_dict() for face in faces],
        "overlay": draw_overlays(question.overlay, image.size, faces, predictor.scheme) or None,
    }


def read_boxes(texts: Sequence[str]) -> list[Region]:
    """Boxes of the form `left,top,width,height`. Raises `Refused`."""
    if len(texts) > MAX_BOXES:
        raise Refused(422, f"{len(texts)} boxes are more than {MAX_BOXES}")
    try:
        return [parse_box(text.split(","), "The drawn box") for text in texts]
    except ValueError as error:
        raise Refused(422, str(error)) from None


def check_boxes(boxes: Sequence[Region], size: tuple[int, int]) -> None:
    """Raise `Refused` for a box that lies outside of the picture."""
    for box in boxes:
        if not overlap(box, (0, 0, *size)):
            raise Refused(422, f"The drawn box lies beside the picture, {size[0]} x {size[1]} pixels")


def draw_overlays(
    name: str | None, size: tuple[int, int], faces: Sequence[Face], scheme: Scheme
) -> list[dict[str, Any]]:
    """Each face's overlay: its box in pixels of the picture, and the drawing as a PNG's data URL."""
    try:
        return [draw_overlay(name, size, face, scheme) for face in faces] if name else []
    except UserError as error:
        raise Refused(422, str(error)) from None


def draw_overlay(name: str, size: tuple[int, int], face: Face, scheme: Scheme) -> dict[str, Any]:
    box, pixels = overlays.patch(name, size, face.points, scheme, MAX_OVERLAY)
    file = io.BytesIO()
    if pixels.size:
        Image.fromarray(pixels).save(file, "PNG", compress_level=1)
    return {"box": box, "image": f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"}
