"""Annotated faces from any format: named points in one convention of coordinates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from keypoints import crops
from keypoints.crops import Region
from keypoints.datasets import face_table
from keypoints.datasets.face_table import Face, Size
from keypoints.datasets.formats.marks import Edge, LeftOut
from keypoints.datasets.formats.rules import Rules
from keypoints.errors import Faults
from keypoints.pictures import images

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Annotated:
    """The annotated faces of a source.

    path:     the folder or the archive
    format:   the name of a module of this room
    names:    of the points
    skeleton: pairs of points, by index from 0
    faces:    in the order of the table. Points are pixels of the picture as stored, the centre of its first
              pixel at (0, 0), to a thousandth; a missing one is NaN NaN. A box () comes from the points
    left_out: what is not in `faces`
    sizes:    (width, height) of every picture of the source as stored, or why it is broken
    turned:   EXIF's orientation of a picture, where it is not 1
    rules:    what `keypoints.yaml` beside the data says
    """

    path: Path
    format: str
    names: tuple[str, ...]
    skeleton: tuple[Edge, ...]
    faces: list[Face]
    left_out: tuple[LeftOut, ...] = ()
    sizes: Mapping[str, Size | str] = field(default_factory=dict)
    turned: Mapping[str, int] = field(default_factory=dict)
    rules: Rules = field(default_factory=Rules)

    def upright(self) -> Annotated:
        """The same faces on pictures turned as EXIF says, as people see them and nets should."""
        sizes = {
            name: size[::-1] if self.turned.get(name, 1) >= 5 and not isinstance(size, str) else size
            for name, size in self.sizes.items()
        }
        faces = [
            self._turn(face, sizes[face.file]) if face.file in self.turned else face for face in self.faces
        ]
        return replace(self, faces=faces, sizes=sizes, turned={})

    def _turn(self, face: Face, upright: Size | str) -> Face:
        """A face of a picture with this size on the upright picture."""
        stored, turn = self.sizes[face.file], self.turned[face.file]
        assert not isinstance(stored, str) and not isinstance(upright, str)  # those of faces are known
        points = images.turn_points(np.reshape(face.points, (-1, 2)), turn, stored)
        box = images.turn_box(face.box, turn, upright) if face.box else ()
        return replace(face, points=tuple(points.ravel().tolist()), box=box)

    def points(self) -> np.ndarray:
        """(faces, points, 2) float64, pixels of each picture; NaN where missing."""
        return np.array([face.points for face in self.faces]).reshape(len(self.faces), -1, 2)

    def table(self) -> pd.DataFrame:
        """The table of faces (see `face_table.build_table`); a box that is not given holds the points."""
        faces = [replace(face, box=face.box or box_of(face.points)) for face in self.faces]
        return face_table.build_table(self.path, faces, self.sizes, Faults(self.path, 0.0), missing=True)


def box_of(points: Sequence[float]) -> Region | tuple[()]:
    """The region that the marked points span, or () for the whole picture where all are on one spot.

    It is at least half as wide as high, and half as high as wide: the height of two eyes alone, for example,
    would say little about the size of the face.
    """
    there = np.reshape(points, (-1, 2))
    left, top, width, height = crops.bounding_box(there[~np.isnan(there).any(axis=1)])
    least = max(width, height) / 2
    across, down = max(width, least), max(height, least)
    # A region covers left - 0.5 … (see `crops`), and these are centres.
    return (left + (width - across) / 2 + 0.5, top + (height - down) / 2 + 0.5, across, down) if least else ()
