"""From faces back to a format's own convention: what the writers share."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from keypoints import images
from keypoints.crops import Region
from keypoints.datasets.face_table import Face, Size
from keypoints.datasets.formats.annotated import Annotated, box_of
from keypoints.datasets.formats.marks import DIGITS, Convention


@dataclass
class Picture:
    """A picture as a format has it: file within the source, (width, height), its faces.

    A face is name -> x, y of the points that are marked, and its box, a region.
    """

    file: str
    size: Size
    faces: list[tuple[dict[str, tuple[float, float]], Region]] = field(default_factory=list)


def pictures(annotated: Annotated, convention: Convention) -> Iterator[Picture]:
    """The pictures with their faces, in the order in which the first face of each comes."""
    by_file: dict[str, list[Face]] = {}
    for face in annotated.faces:
        by_file.setdefault(face.file, []).append(face)
    for file, faces in by_file.items():
        stored = annotated.sizes[file]
        assert not isinstance(stored, str)  # a face has a whole picture
        turn = annotated.turned.get(file, 1) if convention.upright else 1
        picture = Picture(file, stored if turn < 5 else stored[::-1])
        for face in faces:
            points = np.reshape(face.points, (-1, 2))
            region = face.box or box_of(face.points) or (0.0, 0.0, float(stored[0]), float(stored[1]))
            if turn != 1:
                points = images.turn_points(points, turn, stored)
                region = images.turn_box(region, turn, picture.size)
            marked = {
                name: (round(x + convention.first, DIGITS), round(y + convention.first, DIGITS))
                for name, (x, y) in zip(annotated.names, points.tolist(), strict=True)
                if not math.isnan(x)
            }
            picture.faces.append((marked, region))
        yield picture


def reference(annotated: Annotated, file: str, folder: Path) -> str:
    """How a document in `folder` names a picture: relative to itself, or within the archive."""
    if not annotated.path.is_dir():
        return file
    return Path(os.path.relpath(annotated.path.resolve() / file, folder.resolve())).as_posix()
