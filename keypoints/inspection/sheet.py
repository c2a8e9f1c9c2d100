"""One picture of up to 16 faces with their named points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from keypoints import crops, files
from keypoints.datasets.face_table import Face
from keypoints.datasets.formats import Annotated
from keypoints.datasets.formats.annotated import box_of
from keypoints.landmarks import Scheme
from keypoints.pictures import colours

FACES, COLUMNS = 16, 4
CELL = 420  # pixels of a face's side
AROUND = 1.7  # of the points' own box: what is shown
SHORT = 24  # points: more have numbers on the faces, and names below
TEXT, LINE = 12, 16  # pixels


def choose(faces: Sequence[Face]) -> list[Face]:
    """Up to 16 of the faces, evenly spread."""
    step = max(1, len(faces) / FACES)
    return [faces[int(k * step)] for k in range(min(FACES, len(faces)))]


def draw(
    path: Path,
    chosen: Sequence[Face],
    images: Mapping[str, Image.Image],
    annotated: Annotated,
    scheme: Scheme,
) -> None:
    """Write the sheet as PNG. `images` are those of the faces, mode RGB, as stored."""
    rows = -(-len(chosen) // COLUMNS)
    legend = _legend(annotated.names) if len(annotated.names) > SHORT else []
    sheet = Image.new("RGB", (COLUMNS * CELL, rows * CELL + LINE * len(legend)), "white")
    for k, face in enumerate(chosen):
        cell = _cell(images[face.file], face, annotated.names, scheme)
        sheet.paste(cell, (k % COLUMNS * CELL, k // COLUMNS * CELL))
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(TEXT)
    for k, line in enumerate(legend):
        pen.text((4, rows * CELL + k * LINE), line, "black", font)
    with files.whole(path) as part:
        sheet.save(part, "PNG")


def _cell(image: Image.Image, face: Face, names: Sequence[str], scheme: Scheme) -> Image.Image:
    """A face at its own place in a square of `CELL` pixels."""
    points = np.reshape(face.points, (-1, 2))
    box = box_of(face.points) or face.box or (0.0, 0.0, float(image.width), float(image.height))
    longest = max(box[2:])
    middle = (box[0] + box[2] / 2 - longest / 2, box[1] + box[3] / 2 - longest / 2, longest, longest)
    region = crops.square(middle, AROUND)
    cell = Image.fromarray(crops.cut(image, region, (CELL, CELL)))
    there = crops.apply(crops.affine(region, (CELL, CELL)), points)
    pen, font = ImageDraw.Draw(cell), ImageFont.load_default(TEXT)
    for run in scheme.outlines:
        line = [tuple(there[k]) for k in run if np.isfinite(there[k]).all()]
        if len(line) > 1:
            pen.line(line, colours.TRUTH, 2)
    for k, (x, y) in enumerate(there.tolist()):
        if np.isfinite((x, y)).all():
            pen.ellipse((x - 3, y - 3, x + 3, y + 3), colours.PREDICTED)
            text = names[k] if len(names) <= SHORT else str(k)
            start = min(x + 5, CELL - font.getlength(text) - 4)
            pen.text((start, y - TEXT / 2), text, "white", font, stroke_width=2, stroke_fill="black")
    pen.text((6, CELL - LINE - 4), face.file[-60:], "white", font, stroke_width=2, stroke_fill="black")
    return cell


def _legend(names: Sequence[str]) -> list[str]:
    """Number and name of every point, in lines that fit the sheet."""
    entries = [f"{k} {name}" for k, name in enumerate(names)]
    lines, width = [""], COLUMNS * CELL / (0.6 * TEXT)
    for entry in entries:
        if len(lines[-1]) + len(entry) > width:
            lines.append("")
        lines[-1] += f"{entry}   "
    return lines
