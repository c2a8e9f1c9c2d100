"""Where predictions go: JSON lines, a CSV, annotated pictures."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Protocol, Self

from PIL import Image

from keypoints import files
from keypoints.landmarks import Scheme
from keypoints.predict import annotation
from keypoints.predict.predictor import Face


class Writer(Protocol):
    def write(self, name: str, image: Image.Image, faces: Sequence[Face]) -> None:
        """Take the faces of one photograph, whose file is `name`."""


class Jsonl:
    """One JSON object per face and line: file, box, score, points; pixels of the photograph."""

    def __init__(self, stream: IO[str]) -> None:
        self.stream = stream

    def write(self, name: str, image: Image.Image, faces: Sequence[Face]) -> None:
        for face in faces:
            self.stream.write(json.dumps({"file": name, **face.as_dict()}) + "\n")
        self.stream.flush()


class Csv:
    """One line per face: file, box, score, then x and y of every point; there when the block has ended."""

    def __init__(self, path: Path, scheme: Scheme) -> None:
        self.path, self.names = path, scheme.names()

    def __enter__(self) -> Self:
        self.stack = ExitStack()
        file = self.stack.enter_context(files.whole(self.path))
        self.rows = csv.writer(
            self.stack.enter_context(open(file, "w", encoding="utf-8", errors="surrogateescape", newline="")),
            lineterminator="\n",
        )
        points = [f"{name}_{axis}" for name in self.names for axis in "xy"]
        self.rows.writerow(["file", "left", "top", "width", "height", "score", *points])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stack.__exit__(kind, error, trace)

    def write(self, name: str, image: Image.Image, faces: Sequence[Face]) -> None:
        for face in map(Face.as_dict, faces):
            points = [point[axis] for point in face["points"] for axis in "xy"]
            self.rows.writerow([name, *face["box"], face["score"], *points])


class Pictures:
    """The photograph with boxes, outlines and points, or with an overlay on every face, as PNG."""

    def __init__(self, folder: Path, scheme: Scheme, overlay: str | None) -> None:
        self.folder, self.scheme, self.overlay = folder, scheme, overlay
        self.taken: set[str] = set()

    def write(self, name: str, image: Image.Image, faces: Sequence[Face]) -> None:
        drawn = annotation.draw(image, faces, self.scheme, self.overlay)
        with files.whole(self.folder / f"{self._free(name)}.png") as path:
            drawn.save(path, compress_level=1)

    def _free(self, name: str) -> str:
        """A name like the photograph's own, which it never is; numbered where another folder has the same."""
        stem = f"{'standard input' if name == '-' else Path(name).stem}_points"
        free, number = stem, 2
        while free in self.taken:
            free, number = f"{stem}_{number}", number + 1
        self.taken.add(free)
        return free
