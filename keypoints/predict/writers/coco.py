"""COCO's keypoints: one JSON, of any length. `datasets.formats.coco` reads it and says how it counts."""

from __future__ import annotations

import json
import shutil
from tempfile import TemporaryFile
from typing import IO, Any, Self

from keypoints import files
from keypoints.datasets.formats import coco
from keypoints.datasets.formats.scheme import edges
from keypoints.predict.writers.annotation_writer import DIGITS, Annotations, Photograph


class Coco(Annotations):
    """One document: category, images in their order, the annotations of each; every point is visible (2).

    The images' list comes before the annotations', so these wait in a file of their own, not in memory.
    """

    CONVENTION = coco.CONVENTION
    FILE = "annotations.json"

    def __enter__(self) -> Self:
        path = self.enter_context(files.whole(self.out / self.FILE))
        self.images = List(self.enter_context(open(path, "w", encoding="ascii")))
        self.annotations = List(self.enter_context(TemporaryFile("w+", encoding="ascii", dir=self.out)))
        self.push(self._end)
        category = {
            "id": 1,
            "name": "face",
            "supercategory": "",
            "keypoints": self.scheme.names(),
            "skeleton": [[a + 1, b + 1] for a, b in edges(self.scheme.outlines)],
        }
        self.images.stream.write(f'{{"categories": [{json.dumps(category)}],\n"images": [')
        return self

    def add(self, photograph: Photograph) -> None:
        width, height = photograph.size
        image = self.images.add({"file_name": photograph.file, "width": width, "height": height})
        for face in photograph.faces:
            self.annotations.add(
                {
                    "image_id": image,
                    "category_id": 1,
                    "keypoints": [value for x, y in face.points.tolist() for value in (x, y, 2)],
                    "num_keypoints": len(face.points),
                    "bbox": list(face.box),
                    "area": round(face.box[2] * face.box[3], DIGITS),
                    "segmentation": [],
                    "iscrowd": 0,
                }
            )

    def _end(self, kind: type[BaseException] | None, *error: object) -> None:
        if kind is not None:
            return
        document, annotations = self.images.stream, self.annotations.stream
        document.write('\n],\n"annotations": [')
        annotations.seek(0)
        shutil.copyfileobj(annotations, document)
        document.write("\n]}\n")


class List:
    """The entries of a JSON list, one on each line, numbered from 1."""

    def __init__(self, stream: IO[str]) -> None:
        self.stream, self.length = stream, 0

    def add(self, entry: dict[str, Any]) -> int:
        """Write it with its number as `id`; which it is."""
        self.stream.write(",\n" if self.length else "\n")
        self.length += 1
        self.stream.write(json.dumps({"id": self.length, **entry}))
        return self.length
