"""labelme's JSON: a document per photograph. `datasets.formats.labelme` reads it and says how it counts."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from keypoints import files
from keypoints.datasets.formats import labelme
from keypoints.predict.writers import Unwritable
from keypoints.predict.writers.album import without_ending
from keypoints.predict.writers.annotation_writer import DIGITS, Annotations, Photograph
from keypoints.predict.writers.folder import Folder

if TYPE_CHECKING:
    from keypoints.predict.faces.face import Face

VERSION = "5.0.0"  # the layout that is written; every later labelme opens it


class Labelme(Annotations):
    """A document for each photograph with faces, in folders as these lie, which names it from where it is.

    Several faces are told by `group_id`. Where two photographs differ by their ending alone, the name of the
    second's document has a number.
    """

    CONVENTION = labelme.CONVENTION
    FILE = "*.json"

    def __enter__(self) -> Self:
        self.folder = Folder(self.out, replaces=False)
        return self

    def photograph(self, name: str, size: tuple[int, int], faces: Sequence[Face]) -> Photograph:
        if os.sep == "/" and "\\" in self.album.seen_from(self.out, self.album.file(name)):
            raise Unwritable(f"{name}: labelme takes \\ for /: rename it")
        return super().photograph(name, size, faces)

    def add(self, photograph: Photograph) -> None:
        if not photograph.faces:
            return
        path = self.folder.free(without_ending(photograph.file), ".json")
        with files.replacing(path) as part:
            text = json.dumps(self._document(photograph, path.parent), indent=2)
            part.write_text(f"{text}\n", encoding="ascii")

    def _document(self, photograph: Photograph, folder: Path) -> dict[str, Any]:
        shapes = []
        for k, face in enumerate(photograph.faces):
            group = k if len(photograph.faces) > 1 else None
            left, top, width, height = face.box
            corners = [[left, top], [round(left + width, DIGITS), round(top + height, DIGITS)]]
            shapes.append(_shape("face", corners, "rectangle", group))
            named = zip(face.names, face.points.tolist(), strict=True)
            shapes += [_shape(name, [point], "point", group) for name, point in named]
        return {
            "version": VERSION,
            "flags": {},
            "shapes": shapes,
            "imagePath": self.album.seen_from(folder, photograph.file),
            "imageData": None,
            "imageHeight": photograph.size[1],
            "imageWidth": photograph.size[0],
        }


def _shape(label: str, points: list[list[float]], kind: str, group: int | None) -> dict[str, Any]:
    return {
        "label": label,
        "points": points,
        "group_id": group,
        "description": "",
        "shape_type": kind,
        "flags": {},
        "mask": None,
    }
