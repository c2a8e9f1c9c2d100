"""JSON lines: one object per face."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

    from keypoints.predict.predictor import Face
    from keypoints.predict.writers import Facts


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
