"""JSON lines: one object per face."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self

from keypoints import files

if TYPE_CHECKING:
    from PIL import Image

    from keypoints.predict.faces.face import Face
    from keypoints.predict.writers import Facts


class Jsonl:
    """One JSON object per face and line: file, a film's facts, box, score, points; pixels of the picture."""

    def __init__(self, stream: IO[str]) -> None:
        self.stream = stream

    @classmethod
    @contextmanager
    def into(cls, path: Path) -> Iterator[Self]:
        """A file, which is there when the block has ended."""
        with files.whole(path) as part, open(part, "w", encoding="ascii") as stream:
            yield cls(stream)

    def write(
        self, name: str, image: Image.Image, faces: Sequence[Face], facts: Sequence[Facts] = ()
    ) -> None:
        for face, known in zip(faces, facts or [{}] * len(faces), strict=True):
            self.stream.write(json.dumps({"file": name, **known, **face.as_dict()}) + "\n")
        self.stream.flush()
