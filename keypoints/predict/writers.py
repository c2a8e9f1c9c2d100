"""Where predictions go: JSON lines, a CSV, annotated pictures, a film."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Protocol, Self

from PIL import Image

from keypoints import files
from keypoints.landmarks import Scheme
from keypoints.predict import annotation
from keypoints.predict.predictor import Face

Facts = Mapping[str, float]  # of a face of a film: frame, time, number


class Writer(Protocol):
    def write(
        self, name: str, image: Image.Image, faces: Sequence[Face], facts: Sequence[Facts] = ()
    ) -> None:
        """Take the faces of one photograph, or of one frame of a film, whose file is `name`."""


class Jsonl:
    """One JSON object per face and line: file, a film's facts, box, score, points; pixels of the picture."""

    def __init__(self, stream: IO[str]) -> None:
        self.stream = stream

    def write(
        self, name: str, image: Image.Image, faces: Sequence[Face], facts: Sequence[Facts] = ()
    ) -> None:
        for face, known in zip(faces, facts or [{}] * len(faces), strict=True):
            self.stream.write(json.dumps({"file": name, **known, **face.as_dict()}) + "\n")
        self.stream.flush()


class Csv(ExitStack):
    """One line per face: file, box, score, then x and y of every point; there when the block has ended.

    `facts` names what a film's faces have besides.
    """

    def __init__(self, path: Path, scheme: Scheme, facts: Sequence[str] = ()) -> None:
        super().__init__()
        self.path, self.names, self.facts = path, scheme.names(), facts

    def __enter__(self) -> Self:
        file = self.enter_context(files.whole(self.path))
        self.rows = csv.writer(
            self.enter_context(open(file, "w", encoding="utf-8", errors="surrogateescape", newline="")),
            lineterminator="\n",
        )
        points = [f"{name}_{axis}" for name in self.names for axis in "xy"]
        self.rows.writerow(["file", *self.facts, "left", "top", "width", "height", "score", *points])
        return self

    def write(
        self, name: str, image: Image.Image, faces: Sequence[Face], facts: Sequence[Facts] = ()
    ) -> None:
        for face, known in zip(map(Face.as_dict, faces), facts or [{}] * len(faces), strict=True):
            points = [point[axis] for point in face["points"] for axis in "xy"]
            self.rows.writerow([name, *known.values(), *face["box"], face["score"], *points])


class Pictures:
    """The photograph with boxes, outlines and points, or with an overlay on every face, as PNG."""

    def __init__(self, folder: Path, scheme: Scheme, overlay: str | None) -> None:
        self.folder, self.scheme, self.overlay = folder, scheme, overlay
        self.taken: set[str] = set()

    def write(
        self, name: str, image: Image.Image, faces: Sequence[Face], facts: Sequence[Facts] = ()
    ) -> None:
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
