"""Predictions as annotations: what the writers of their formats share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from keypoints.pictures import images
from keypoints.predict.writers import Unwritable
from keypoints.predict.writers.album import without_ending

if TYPE_CHECKING:
    from PIL import Image

    from keypoints.datasets.formats.marks import Convention
    from keypoints.landmarks import Scheme
    from keypoints.predict.faces.face import Face
    from keypoints.predict.writers import Facts
    from keypoints.predict.writers.album import Album

DIGITS = 2  # behind the point, of a pixel


@dataclass(frozen=True)
class Photograph:
    """A photograph as a format has it.

    file:  its path within the album
    size:  (width, height), pixels of the picture upright or as stored, as the format counts
    faces: with points and boxes, regions of `crops`, as the format counts; to a hundredth of a pixel
    """

    file: str
    size: tuple[int, int]
    faces: list[Face]


class Annotations(ExitStack):
    """A `Writer` of annotations, which are there when the block has ended.

    CONVENTION: how the format counts, as its parser says
    FILE:       in the folder `out`; with * for the name of a photograph where each has a file of its own
    """

    CONVENTION: ClassVar[Convention]
    FILE: ClassVar[str]

    def __init__(self, out: Path, scheme: Scheme, album: Album) -> None:
        super().__init__()
        self.out, self.scheme, self.album = out, scheme, album

    def write(
        self, name: str, image: Image.Image, faces: Sequence[Face], facts: Sequence[Facts] = ()
    ) -> None:
        self.add(self.photograph(name, image.size, faces))

    def photograph(self, name: str, size: tuple[int, int], faces: Sequence[Face]) -> Photograph:
        """The faces, in pixels of the upright picture of this (width, height), as the format has them.

        Raises `Unwritable` for what the format cannot express.
        """
        turn = 1 if self.CONVENTION.upright else _orientation(name)
        stored = size if turn < 5 else size[::-1]

        def convert(face: Face) -> Face:
            points = images.unturn_points(face.points.astype(np.float64), turn, stored)
            left, top, width, height = (
                round(float(side), DIGITS) for side in images.unturn_box(face.box, turn, stored)
            )
            points = (points + self.CONVENTION.first).round(DIGITS)
            return replace(face, points=points, box=(left, top, width, height))

        return Photograph(self.album.file(name), stored, list(map(convert, faces)))

    def add(self, photograph: Photograph) -> None:
        """Take what `photograph` gave, in the order in which it is to be written."""
        raise NotImplementedError

    def targets(self) -> Iterator[Path]:
        """The files that will be written, but for those of further faces of a photograph."""
        if "*" not in self.FILE:
            yield self.out / self.FILE
            return
        for name in self.album.names:
            yield self.out / self.FILE.replace("*", without_ending(self.album.file(name)))


def _orientation(name: str) -> int:
    try:
        return images.orientation(images.read(name))
    except OSError as error:  # it was there a moment ago
        raise Unwritable(f"{name}: {error.strerror}: left out") from None
