"""Faces as a predictor gives them, on photographs of any name, for the writers' tests."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image

from keypoints.landmarks import Scheme
from keypoints.pictures import images
from keypoints.predict import writers
from keypoints.predict.faces.face import Face
from keypoints.predict.writers.album import Album

NAMES = ("left_eye", "right_eye", "nose")


def scheme(names: Sequence[str] = NAMES) -> Scheme:
    """One line through all points."""
    every = tuple(range(len(names)))
    return Scheme("some", {"all": every}, (every,), every, None, tuple(names), flips=False)


def face(
    points: Sequence[tuple[float, float]] = ((1, 2), (3.25, 4.5), (5, 6)),
    box: tuple[float, float, float, float] = (1.0, 2.0, 30.0, 40.0),
    names: Sequence[str] = NAMES,
) -> Face:
    return Face(box, 0.9, np.array(points, np.float32), list(names), 1.5)


@dataclass
class Photo:
    """A photograph's path within the album, upright faces, how EXIF turns it, its stored size and kind."""

    file: str
    faces: list[Face]
    turn: int = 1
    size: tuple[int, int] = (40, 30)
    kind: str = "PNG"

    def save(self, folder: Path) -> str:
        """Its path."""
        path = folder / self.file
        path.parent.mkdir(parents=True, exist_ok=True)
        exif = Image.Exif()
        exif[ExifTags.Base.Orientation] = self.turn
        Image.new("L", self.size).save(path, self.kind, exif=exif)
        return str(path)

    def points(self, face: Face) -> np.ndarray:
        """Those of a face, in pixels of the picture as stored; a TIFF is read upright."""
        turn = 1 if self.kind == "TIFF" else self.turn
        return images.unturn_points(face.points.astype(float), turn, self.size)

    def box(self, face: Face) -> images.Box:
        """That of a face, likewise."""
        turn = 1 if self.kind == "TIFF" else self.turn
        return images.unturn_box(face.box, turn, self.size)


def write(kind: str, out: Path, folder: Path, photos: Sequence[Photo], points: Scheme | None = None) -> None:
    """What `--format` writes of photographs that it makes in a folder."""
    names = [photo.save(folder) for photo in photos]
    points = points or scheme()
    with ExitStack() as stack:
        if kind in writers.TABLES:
            writer = stack.enter_context(writers.open_table(kind, out, points, ()))
        else:
            album = Album(folder, names)
            writer = stack.enter_context(writers.open_annotations(kind, out, points, album))
        for name, photo in zip(names, photos, strict=True):
            writer.write(name, images.open_picture(name), photo.faces)
