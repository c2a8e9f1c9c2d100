"""Where predictions go: tables, annotations in other tools' formats, annotated pictures. Films: `films`.

A format of `--format` is added by its file and its name in FORMATS.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from keypoints.errors import UserError
from keypoints.predict.writers.csv_table import Csv
from keypoints.predict.writers.json_lines import Jsonl
from keypoints.predict.writers.pictures import Chips, Pictures

if TYPE_CHECKING:
    from PIL import Image

    from keypoints.landmarks import Scheme
    from keypoints.predict.faces.face import Face
    from keypoints.predict.writers.album import Album
    from keypoints.predict.writers.annotation_writer import Annotations

__all__ = ["Chips", "Csv", "Facts", "Jsonl", "Pictures", "Unwritable", "Writer"]

Facts = Mapping[str, float]  # of a face of a film: frame, time, number

TABLES = {"json": "faces.jsonl", "csv": "faces.csv"}  # of photographs, films and standard input
ANNOTATIONS = {  # of photographs that are files -> the module of this room, and its `Annotations`
    "pts": ("pts", "Pts"),
    "coco": ("coco", "Coco"),
    "dlib": ("dlib_xml", "DlibXml"),
    "labelme": ("labelme", "Labelme"),
}
FORMATS = (*TABLES, *ANNOTATIONS)


class Unwritable(UserError):
    """What a writer cannot express of one photograph; the others may go on."""


class Writer(Protocol):
    def write(
        self, name: str, image: Image.Image, faces: Sequence[Face], facts: Sequence[Facts] = ()
    ) -> None:
        """Take the faces of one photograph, or of one frame of a film, whose file is `name`."""


def open_table(name: str, out: Path, scheme: Scheme, facts: Sequence[str]) -> AbstractContextManager[Writer]:
    """One of TABLES in the folder `out`; raises `UserError` where it is there already."""
    path = out / TABLES[name]
    refuse_to_replace([path])
    return Csv(path, scheme, facts) if name == "csv" else Jsonl.into(path)


def open_annotations(name: str, out: Path, scheme: Scheme, album: Album) -> Annotations:
    """One of ANNOTATIONS in the folder `out`; raises `UserError` where a file of theirs is there already."""
    module, kind = ANNOTATIONS[name]
    writer: Annotations = getattr(import_module(f"{__name__}.{module}"), kind)(out, scheme, album)
    refuse_to_replace(writer.targets())
    return writer


def refuse_to_replace(paths: Iterable[Path]) -> None:
    """Raise `UserError` for the first of these files that is there: somebody may have corrected it."""
    for path in paths:
        if os.path.lexists(path):
            raise UserError(f"{path} is there, and corrections may be in it: name another --out")
