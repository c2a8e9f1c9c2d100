"""Boxes that somebody brings: JSON lines {"file", "box": [left, top, width, height]}, or dlib's XML."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from keypoints.crops import Region
from keypoints.datasets import dlibxml
from keypoints.errors import UserError


def parse_box(values: Any, where: str) -> Region:
    """(left, top, width, height) in pixels of the picture. Raises `UserError` that names `where`."""
    try:
        left, top, width, height = map(float, values)
    except (TypeError, ValueError):
        raise UserError(f"{where}: a box is left, top, width, height in numbers, not {values}") from None
    if not (width > 0 and height > 0 and np.isfinite([left, top, width, height]).all()):
        raise UserError(f"{where}: a box needs finite numbers and an area, not {values}")
    return left, top, width, height


def read(path: Path) -> dict[str, list[Region]]:
    """The boxes of each file that a list names, in its order. Raises `UserError`."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}: name a list of boxes") from None
    found: dict[str, list[Region]] = defaultdict(list)
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        for name, element in dlibxml.boxes(dlibxml.root(content, str(path))):
            found[name].append(dlibxml.region(f"{path}: {name}", element))
        return dict(found)
    for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
        if line.strip():
            where = f"{path}: line {number}"
            try:
                row = json.loads(line)
                name, values = str(row["file"]), row["box"]
            except (ValueError, KeyError, TypeError):
                raise UserError(f'{where} is no {{"file": …, "box": [l, t, w, h]}}: repair it') from None
            found[name].append(parse_box(values, where))
    if not found:
        raise UserError(f"{path} lists no box: see --boxes")
    return dict(found)


def find(photograph: str, boxes: dict[str, list[Region]]) -> list[Region]:
    """The boxes of a photograph whose path ends with a listed name; the longest such name counts.

    Raises ValueError where none does.
    """
    parts = PurePosixPath(Path(photograph).as_posix()).parts
    for first in range(len(parts)):
        if found := boxes.get(str(PurePosixPath(*parts[first:]))):
            return found
    raise ValueError("the list of boxes has none for it")
