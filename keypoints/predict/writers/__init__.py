"""Where predictions go: JSON lines, a CSV, annotated pictures. A film's own is in `video`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from keypoints.predict.writers.csv_table import Csv
from keypoints.predict.writers.json_lines import Jsonl
from keypoints.predict.writers.pictures import Pictures

if TYPE_CHECKING:
    from PIL import Image

    from keypoints.predict.predictor import Face

__all__ = ["Csv", "Facts", "Jsonl", "Pictures", "Writer"]

Facts = Mapping[str, float]  # of a face of a film: frame, time, number


class Writer(Protocol):
    def write(
        self, name: str, image: Image.Image, faces: Sequence[Face], facts: Sequence[Facts] = ()
    ) -> None:
        """Take the faces of one photograph, or of one frame of a film, whose file is `name`."""
