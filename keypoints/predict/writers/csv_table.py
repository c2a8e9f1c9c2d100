"""A CSV table: one line per face."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Self

from keypoints import files
from keypoints.predict.faces import derived

if TYPE_CHECKING:
    from PIL import Image

    from keypoints.landmarks import Scheme
    from keypoints.predict.faces.face import Face
    from keypoints.predict.writers import Facts


class Csv(ExitStack):
    """One line per face: file, box, score, x and y of every point, then what follows from the points.

    It is there when the block has ended. `facts` names what a film's faces have besides.
    """

    def __init__(self, path: Path, scheme: Scheme, facts: Sequence[str] = ()) -> None:
        super().__init__()
        self.path, self.names, self.facts = path, scheme.names(), facts
        self.more = derived.columns(self.names, film=bool(facts))

    def __enter__(self) -> Self:
        file = self.enter_context(files.whole(self.path))
        self.rows = csv.writer(
            self.enter_context(open(file, "w", encoding="utf-8", errors="surrogateescape", newline="")),
            lineterminator="\n",
        )
        points = [f"{name}_{axis}" for name in self.names for axis in "xy"]
        self.rows.writerow(
            ["file", *self.facts, "left", "top", "width", "height", "score", *points, *self.more]
        )
        return self

    def write(
        self, name: str, image: Image.Image, faces: Sequence[Face], facts: Sequence[Facts] = ()
    ) -> None:
        for face, known in zip((face.as_dict() for face in faces), facts or [{}] * len(faces), strict=True):
            points = [point[axis] for point in face["points"] for axis in "xy"]
            self.rows.writerow(
                [name, *known.values(), *face["box"], face["score"], *points, *derived.cells(face, self.more)]
            )
