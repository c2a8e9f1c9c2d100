"""The header of a plain table: which column holds what."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass

from keypoints.datasets.formats.documents import Document, Text

LONGEST = 65_536  # bytes of a header
PIXELS = "Image"  # Kaggle's column
_FILE = ("file", "filename", "file_name", "image", "image_path", "image_name", "path", "picture", "photo")
_NAME = ("name", "point", "label", "landmark", "keypoint", "part")
_VISIBLE = ("visible", "visibility", "v")
BOX = ("left", "top", "width", "height")
_GROUP, _SUBSET, _FACE = ("group", "person", "subject"), ("subset",), ("face", "face_id")
_X_Y = (  # nose_x, x0, noseX
    r"(?P<name>.+?)[ _.-](?P<axis>[xyXY])",
    r"(?P<axis>[xyXY])[ _.-]?(?P<name>\d+)",
    r"(?P<name>.+?)(?P<axis>[XY])",
)


@dataclass(frozen=True)
class Header:
    """Where the columns of a table are.

    points: of a wide table name -> columns of x and y; else none
    at:     the role of a column -> its number
    """

    columns: list[str]
    delimiter: str
    points: dict[str, tuple[int, int]]
    at: dict[str, int]

    @property
    def long(self) -> bool:
        return {"name", "x", "y"} <= self.at.keys()


def parse_header(document: Document) -> Header | None:
    """The columns of a table, None for what is none."""
    if not isinstance(document, Text):
        return None
    lines = document.content[: LONGEST + 1].splitlines() or [b""]  # which may end on \r alone
    first = lines[0].decode("utf-8-sig", "replace")
    if len(first) > LONGEST:
        return None
    delimiter = find_delimiter(first)
    try:
        columns = next(csv.reader([first], delimiter=delimiter), [])
    except csv.Error:
        return None
    columns = [column.strip() for column in columns]
    small = [column.lower() for column in columns]
    small[:1] = [small[0] or "file"] if small else []  # YouTube Faces' has no name
    roles = {"file": _FILE, "name": _NAME, "x": ("x",), "y": ("y",), "visible": _VISIBLE, "face": _FACE}
    roles |= {"group": _GROUP, "subset": _SUBSET} | {side: (side,) for side in BOX}
    at = {role: k for role, names in roles.items() for k, each in enumerate(small) if each in names}
    if "file" not in at or len(columns) < 3:
        return None
    return Header(columns, delimiter, _pairs(columns), at)


def find_delimiter(header: str) -> str:
    """What stands between the columns of a table, by its first line."""
    return max(",;\t", key=header.count)


def _pairs(columns: list[str]) -> dict[str, tuple[int, int]]:
    """Name -> columns of x and y."""
    numbers = [k for k, column in enumerate(columns) if column.isdecimal()]
    if len(numbers) > 2 and [columns[k] for k in numbers] == [str(k) for k in range(len(numbers))]:
        pairs = zip(numbers[::2], numbers[1::2], strict=False)
        return {str(k): pair for k, pair in enumerate(pairs)}
    found: dict[str, dict[str, int]] = {}
    for k, column in enumerate(columns):
        match = next((m for form in _X_Y if (m := re.fullmatch(form, column))), None)
        if match:
            found.setdefault(match["name"], {})[match["axis"].lower()] = k
    return {name: (axes["x"], axes["y"]) for name, axes in found.items() if len(axes) == 2}
