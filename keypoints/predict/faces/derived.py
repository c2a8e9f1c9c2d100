"""What follows from a face's points, as JSON and as columns of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from keypoints.landmarks import IBUG

if TYPE_CHECKING:
    from keypoints.predict.faces.face import Face

IBUG_NAMES = IBUG.names()  # only from these points do pose, eyes, mouth and confidence follow
ANGLES = ("yaw", "pitch", "roll")
EYES = ("left", "right")


def describe(face: Face) -> dict[str, Any]:
    """Plain values, without those that the face lacks; degrees to a tenth, the rest to a thousandth."""
    chances, mouth = face.confidences, face.mouth
    found = {
        "pose": face.pose and face.pose.as_dict(),
        "eyes": face.eyes and {side: round(getattr(face.eyes, side), 3) for side in EYES},
        "mouth": None if mouth is None else round(mouth, 3),
        "blink": face.blink,
        "blinks": face.blinks,
        "confidence": None if chances is None else round(face.confidence or 0.0, 3),
        "confidences": None if chances is None else [round(chance, 3) for chance in chances.tolist()],
    }
    return {name: value for name, value in found.items() if value is not None}


def columns(names: Sequence[str], film: bool) -> list[str]:
    """The columns of a table of faces with these points; none if they are not the 68."""
    if list(names) != IBUG_NAMES:
        return []
    eyes, blinks = [f"eye_{side}" for side in EYES], ["blinks"] if film else []
    chances = [f"{name}_confidence" for name in names]
    return [*ANGLES, *eyes, "mouth", "blink", *blinks, "confidence", *chances]


def cells(told: Mapping[str, Any], columns: Sequence[str]) -> list[Any]:
    """The values of `Face.as_dict` for these columns; empty if missing; booleans as 1 and 0."""
    eyes = {f"eye_{side}": value for side, value in told.get("eyes", {}).items()}
    names = (f"{point['name']}_confidence" for point in told["points"])
    chances = dict(zip(names, told.get("confidences", ()), strict=False))
    known = {**told, **told.get("pose", {}), **eyes, **chances}
    return [int(value) if isinstance(value := known.get(name, ""), bool) else value for name in columns]
