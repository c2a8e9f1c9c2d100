"""Add a person's own annotated faces to params.yaml as the part `own`: what `make own` runs.

    python -m keypoints.own faces                      # a folder or an archive; see docs/own-data.md
    python -m keypoints.own faces own.train.epochs=50  # and other options or values, as for compose
    python -m keypoints.own                            # the example, 60 drawn faces

Derives settings from the data, prints them, and composes them with conf/own/. Values on the command line take
precedence.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

import numpy as np
from tqdm import tqdm

from keypoints import compose, crops, errors
from keypoints.crops import Region
from keypoints.datasets import formats
from keypoints.datasets.formats import Annotated, annotated
from keypoints.errors import UserError

PART = "own"
SEEN = 1.3  # side of the shipped net's crops, in sides of dlib's box: as in conf/landmarks/best.yaml
ROOM = 1.1  # side of the crop, in sides of what the points need: annotations and boxes are inexact
OUTSIDE = 2.0  # % of the faces may have a point that the crop cuts off
SHOWN = 12_000  # faces that training shows in all epochs together
EPOCHS = (20, 200)  # the least and the greatest number
LOOKED_AT = 48  # photographs that a detector looks at, to see where annotators draw the box
ENOUGH = 5  # faces that it has to find there
TEXTS = tuple(f"datasets.{PART}.splits.{key}" for key in ("group", "csv"))  # any characters may be in them


def main(source: Path | None, overrides: list[str]) -> None:
    chosen = [] if any(text.startswith(f"{PART}=") for text in overrides) else [f"{PART}=best"]
    if source:
        found = formats.read(source, max_broken=1.0).upright()  # the parse stage says what is too much
        sizes = propose(found)
        chosen.append(f"datasets.{PART}.path={quote(str(source.resolve()))}")
        for key, value in sizes.items():
            print(f"{PART}.{key}: {value}", file=sys.stderr)
            chosen.append(f"{PART}.{key}={value}")
    compose.main([*chosen, *map(quote_value, overrides)])


def propose(found: Annotated) -> dict[str, object]:
    """The settings of the part that follow from the data, by their keys below `own`."""
    boxes = np.array([face.box or annotated.box_of(face.points) for face in found.faces if has_box(face)])
    if not len(boxes):
        raise UserError(f"{found.path}: no face has a box, and none has points that span one: draw boxes")
    points = found.points()[[has_box(face) for face in found.faces]]
    frame = find_frame(found)
    needed = ROOM * measure_reach(points, boxes)
    seen = SEEN / frame[0] if frame else SEEN  # as conf/own/ has it
    low, high = EPOCHS
    sizes: dict[str, object] = {"data.scale": round(max(needed, seen), 2)}
    if frame:
        sizes["data.frame"] = [round(value, 3) for value in frame]
    return sizes | {"train.epochs": min(max(round(SHOWN / len(found.faces)), low), high)}


def has_box(face: annotated.Face) -> bool:
    return bool(face.box or annotated.box_of(face.points))


def measure_reach(points: np.ndarray, boxes: np.ndarray) -> float:
    """The side of the square around a box that holds a face's points, in roots of the box's area.

    It is large enough for all but OUTSIDE % of the faces (N, K, 2) with boxes (N, 4).
    """
    middles = boxes[:, :2] + boxes[:, 2:] / 2 - 0.5
    reach = np.nanmax(np.abs(points - middles[:, None]), axis=(1, 2))
    return float(np.percentile(2 * reach / np.sqrt(boxes[:, 2:].prod(axis=1)), 100 - OUTSIDE))


def find_frame(found: Annotated) -> tuple[float, float, float] | None:
    """Where the annotated boxes lie relative to the detector's: medians of scale, right and down for `shift`.

    None, with a warning, where the detector finds too few of the faces.
    """
    from keypoints.pictures.images import open_picture
    from keypoints.predict import detectors

    boxes: dict[str, list[Region]] = {}
    for face in found.faces:
        if box := face.box or annotated.box_of(face.points):
            boxes.setdefault(face.file, []).append(box)
    some = sorted(boxes)[:: -(-len(boxes) // LOOKED_AT)]
    detect, places = detectors.build(detectors.DEFAULT), []
    pictures = formats.members(found.path, set(some).__contains__)
    for name, content in tqdm(pictures, "looking for faces", len(some), disable=None, leave=False):
        try:
            detections = [each.box for each in detect(np.asarray(open_picture(content)))]
        except ValueError:  # it is broken, as the stages will report
            continue
        places += [place for box in boxes[name] if (place := seen_from(box, detections))]
    if len(places) < ENOUGH:
        errors.warn(
            f"the detector finds {len(places)} of the faces in {len(some)} photographs: "
            "say where faces are, by --box or --boxes, when you predict"
        )
        return None
    side, right, down = np.median(places, axis=0).tolist()
    return side, right, down


def seen_from(box: Region, detections: list[Region]) -> tuple[float, float, float] | None:
    """The box relative to the first detection with its middle in it (see `crops.relate`); None without."""
    places = [crops.relate(each, box) for each in detections]
    inside = (place for place in places if max(map(abs, place[1:])) < place[0] / 2)
    return next(inside, None)


def quote_value(override: str) -> str:
    """An override of one of TEXTS with its value in quotes, which the shell removed; others unchanged."""
    key, _, value = override.partition("=")
    if key not in TEXTS or value in ("", "null") or re.fullmatch(r"""(['"]).*\1""", value):
        return override
    return f"{key}={quote(value)}"


def quote(text: str) -> str:
    """A text as a quoted value of a Hydra override, where backslashes escape only before a quote."""
    escaped = re.sub(r"(\\*)('|$)", lambda found: 2 * found[1] + ("\\'" if found[2] else ""), text)
    return f"'{escaped}'"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=errors.summary(__doc__))
    parser.add_argument("source", type=Path, nargs="?", help="your folder or archive; none: the example")
    parser.add_argument(
        "overrides", nargs="*", help="options and values, as of `python -m keypoints.compose`"
    )
    args = parser.parse_args()
    given = args.source and "=" in str(args.source) and not args.source.exists()  # an override comes first
    source = None if given else args.source
    errors.run(main, source, [*([str(args.source)] if given else []), *args.overrides])
