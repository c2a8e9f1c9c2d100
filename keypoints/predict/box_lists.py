"""Lists of given boxes: JSON lines {"file", "box": [left, top, width, height]}, or dlib's XML."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from keypoints.crops import Region
from keypoints.datasets.formats import dlib_xml
from keypoints.datasets.formats.documents import Name, normalise
from keypoints.errors import UserError

FAR = 1e6  # pixels: no box lies or reaches farther


@dataclass
class BoxList:
    """The boxes of each file that a list names, in its order.

    entries: name -> boxes, or, instead of a box, what is wrong with it
    stored:  boxes are in pixels as the file stores them, before EXIF turns the picture, as tools that write
             dlib's XML count
    """

    stored: bool = False
    entries: dict[Name, list[Region | str]] = field(default_factory=dict)

    def add(self, name: str, box: Region | str) -> None:
        self.entries.setdefault(normalise(name), []).append(box)

    def find(self, photograph: str) -> list[Region]:
        """The boxes of a photograph whose path ends with a listed name; the longest such name counts.

        Raises ValueError if there is none, and for an unusable box.
        """
        parts = normalise(photograph)
        listed = next((n for i in range(len(parts)) if (n := parts[i:]) in self.entries), None)
        if listed is None:
            raise ValueError("the list of boxes has none for it")
        boxes = []
        for box in self.entries[listed]:
            if isinstance(box, str):
                raise ValueError(box)
            boxes.append(box)
        return boxes


def parse_box(values: Any, where: str) -> Region:
    """(left, top, width, height) in pixels of the picture. Raises ValueError that names `where`."""
    try:
        if isinstance(values, str):
            raise TypeError
        left, top, width, height = map(float, values)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{where}: a box is left, top, width, height in numbers") from None
    if not (width > 0 and height > 0 and max(abs(left), abs(top), width, height) <= FAR):
        raise ValueError(
            f"{where}: a box needs an area and numbers up to {FAR:.0f}, not {left, top, width, height}"
        )
    return left, top, width, height


def read(path: Path) -> BoxList:
    """Read a list of boxes, whose format its content shows. Raises `UserError`."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}: name a list of boxes") from None
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return _read_xml(content, str(path))
    found = BoxList()
    for number, line in enumerate(content.decode("utf-8-sig", "replace").splitlines(), 1):
        if line.strip():
            where = f"{path}: line {number}"
            try:
                row = json.loads(line)
                name, values = str(row["file"]), row["box"]
            except (ValueError, KeyError, TypeError, RecursionError):
                raise UserError(f'{where} is no {{"file": …, "box": [l, t, w, h]}}: repair it') from None
            try:
                found.add(name, parse_box(values, where))
            except ValueError as error:
                found.add(name, str(error))
    if not found.entries:
        raise UserError(f"{path} lists no box: see --boxes")
    return found


def _read_xml(content: bytes, where: str) -> BoxList:
    found = BoxList(stored=True)
    for name, element in dlib_xml.boxes(dlib_xml.root(content, where, "name a list of boxes")):
        if not dlib_xml.is_ignored(element):
            keys = ("left", "top", "width", "height")
            for spelling in dlib_xml.spellings(name):
                try:
                    found.add(spelling, parse_box([element.get(key) for key in keys], f"{where}: {name}"))
                except ValueError as error:
                    found.add(spelling, str(error))
    return found
