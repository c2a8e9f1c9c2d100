"""300-W's `.pts`: a text per face. `datasets.formats.pts` reads it and says how it counts."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Self

from keypoints import files
from keypoints.datasets.formats import pts
from keypoints.predict.writers import Unwritable
from keypoints.predict.writers.album import without_ending
from keypoints.predict.writers.annotation_writer import Annotations, Photograph
from keypoints.predict.writers.folder import Folder

if TYPE_CHECKING:
    from keypoints.predict.faces.face import Face


class Pts(Annotations):
    """`a.pts` for the face of `a.jpg`, in folders as the photographs lie; `a_2.pts` for its second one.

    Only the name says which photograph's it is. So further faces pass over numbers that are part of another
    photograph's name, and photographs that differ by their ending alone are refused.
    """

    CONVENTION = pts.CONVENTION
    FILE = "*.pts"

    def __enter__(self) -> Self:
        self.folder = Folder(self.out, replaces=False)
        self.stems = {_spelled(PurePath(name).stem) for name in self.album.names}
        shared = Counter(without_ending(self.album.file(name)) for name in self.album.names)
        self.shared = {file for file, count in shared.items() if count > 1}
        return self

    def photograph(self, name: str, size: tuple[int, int], faces: Sequence[Face]) -> Photograph:
        if without_ending(self.album.file(name)) in self.shared:
            raise Unwritable(f"{name}: another photograph has this name but for the ending: rename it")
        return super().photograph(name, size, faces)

    def add(self, photograph: Photograph) -> None:
        for face, path in zip(photograph.faces, self._paths(photograph.file), strict=False):
            lines = ["version: 1", f"n_points: {len(face.points)}", "{"]
            lines += [f"{x} {y}" for x, y in face.points.tolist()] + ["}", ""]
            with files.replacing(path) as part:
                part.write_text("\n".join(lines), encoding="ascii", newline="\n")

    def _paths(self, file: str) -> Iterator[Path]:
        """For each face of a photograph; none is that of another photograph."""
        stem, number = without_ending(file), 1
        yield self.folder.free(stem, ".pts")
        while number := number + 1:
            if _spelled(PurePath(f"{stem}_{number}").name) not in self.stems:
                yield self.folder.free(f"{stem}_{number}", ".pts")


def _spelled(name: str) -> str:
    """A name in one spelling, as the parser compares them: of `é` there are two."""
    return unicodedata.normalize("NFC", name)
