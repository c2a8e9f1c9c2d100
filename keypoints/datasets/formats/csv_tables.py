"""Plain tables with a header, between commas, semicolons or tabs.

- long: a line per point: file, name, x, y, and if need be face (which of a picture), visible (0, no: missing)
- wide: a line per face: file, and two columns per point: `nose_x,nose_y`, `x0,y0` or `0,1,2,…`
- Kaggle's Facial Keypoints Detection: wide, with a column Image of grey pixels, 96 x 96, in place of a file

Columns left, top, width, height say the box, group who or what must stay together, subset what errors are
reported by. Empty cells are missing points. Pixels of the upright picture, the centre of the first one at
(0, 0), as this project's `keypoints --csv` and OpenCV count. https://www.kaggle.com/c/facial-keypoints-detection/data
"""

from __future__ import annotations

import contextlib
import csv
import io
import math
from collections.abc import Iterator

from keypoints.crops import Region
from keypoints.datasets import face_table
from keypoints.datasets.formats.csv_header import BOX, PIXELS, Header, parse_header
from keypoints.datasets.formats.documents import Document, Source, Text
from keypoints.datasets.formats.marks import Convention, Mark, Marks, order_names
from keypoints.errors import UserError

CONVENTION = Convention(first=0.0, upright=True)
_EMPTY = ("", "nan", "na", "none", "null")
_YES, _NO = ("true", "t", "yes", "y", *_EMPTY), ("false", "f", "no", "n")  # empty: it does not say


def claims(name: str, document: Document) -> bool:
    """Whether its first line is a header with a file, or pixels, and points."""
    header = parse_header(document)
    return header is not None and (header.long or bool(header.points))


def read(source: Source, documents: dict[str, Document]) -> Marks:
    """The faces of all tables; adds Kaggle's pictures to the source. Raises `UserError`."""
    marks, names = Marks(()), []
    for name, document in documents.items():
        header = parse_header(document)
        assert header is not None and isinstance(document, Text)  # as claimed
        before = len(marks.faces)
        try:
            (_read_long if header.long else _read_wide)(marks, name, header, document)
        except (csv.Error, UnicodeError) as error:  # nobody knows how many faces are behind it
            raise UserError(f"{source.path}: {name}: no CSV in UTF-8: {error}: save it again") from None
        long_names = order_names(face.points for face in marks.faces[before:])
        names.append(long_names if header.long else tuple(header.points))
        if set(names[-1]) != set(names[0]):
            raise UserError(f"{source.path}: {name}: its points are others than before: split the folder")
    marks.names = names[0]
    for picture, content in pictures(documents):
        source.add_picture(picture, face_table.picture_size(content))
    return marks


def has_pictures(document: Document) -> bool:
    """Whether a table holds pictures in its cells."""
    header = parse_header(document)
    return header is not None and PIXELS in header.columns and not header.long and bool(header.points)


def pictures(documents: dict[str, Document]) -> Iterator[tuple[str, bytes]]:
    """Kaggle's pictures as files: `training.csv/00001.pgm` is that of the first face."""
    for name, document in documents.items():
        header = parse_header(document)
        if header is None or not isinstance(document, Text) or not has_pictures(document):
            continue
        column = header.columns.index(PIXELS)
        with contextlib.suppress(csv.Error, UnicodeError):  # which reading the faces reports
            for number, row in enumerate(_rows(document, header), 1):
                if len(row) == len(header.columns):
                    yield _picture_name(name, number), to_pgm(row[column])


def to_pgm(text: str) -> bytes:
    """A square grey picture of numbers 0…255; nothing, which is no picture, for other text."""
    try:
        values = bytes(map(int, text.split()))
    except ValueError:
        return b""
    side = math.isqrt(len(values))
    return b"P5\n%d %d\n255\n%s" % (side, side, values) if side and side * side == len(values) else b""


def _picture_name(table: str, number: int) -> str:
    return f"{table}/{number:05}.pgm"


def _rows(document: Text, header: Header) -> Iterator[list[str]]:
    stream = io.TextIOWrapper(io.BytesIO(document.content), "utf-8-sig", newline="")
    rows = csv.reader(stream, delimiter=header.delimiter, strict=True)
    next(rows)
    yield from filter(None, rows)


def _read_wide(marks: Marks, name: str, header: Header, document: Text) -> None:
    for number, row in enumerate(_rows(document, header), 1):
        where = f"{name}: row {number}"
        if len(row) != len(header.columns):
            marks.leave_out(where, _uneven(row, header))
            continue
        points = {point: (row[x], row[y]) for point, (x, y) in header.points.items()}
        file = _picture_name(name, number) if PIXELS in header.columns else _cell(header, row, "file")
        _add(marks, where, name, file, points, header, row)


def _read_long(marks: Marks, name: str, header: Header, document: Text) -> None:
    faces: dict[tuple[str, str], dict[str, tuple[str, str]]] = {}
    first: dict[tuple[str, str], tuple[int, list[str]]] = {}
    wrong: dict[tuple[str, str], str] = {}
    for number, row in enumerate(_rows(document, header), 1):
        if len(row) != len(header.columns):
            marks.leave_out(f"{name}: row {number}", _uneven(row, header))
            continue
        key = _cell(header, row, "file"), _cell(header, row, "face")
        face = faces.setdefault(key, {})
        first.setdefault(key, (number, row))
        point = row[header.at["name"]].strip()
        if point in face:
            wrong[key] = f"two points are called {point!r}: number the faces in a column face"
        try:
            visible = _is_yes(_cell(header, row, "visible"))
        except ValueError as error:
            wrong[key] = f"visible of {point!r}: {error}"
            continue
        face[point] = (row[header.at["x"]], row[header.at["y"]]) if visible else ("", "")
    for key, face in faces.items():
        number, row = first[key]
        where = f"{name}: row {number}"
        if key in wrong:
            marks.leave_out(where, wrong[key])
        else:
            _add(marks, where, name, key[0], face, header, row)


def _add(
    marks: Marks,
    where: str,
    name: str,
    file: str,
    cells: dict[str, tuple[str, str]],
    header: Header,
    row: list[str],
) -> None:
    """Note a face, whose box, group and subset stand in this row; one without points is none."""
    points = {
        point: (_number(header, x), _number(header, y))
        for point, (x, y) in cells.items()
        if not (x.strip().lower() in _EMPTY and y.strip().lower() in _EMPTY)
    }
    if not points:
        marks.leave_out(where, "without points", broken=False)
        return
    box: Region | tuple[()] = ()
    if all(_cell(header, row, side).lower() not in _EMPTY for side in BOX):
        left, top, width, height = (_number(header, _cell(header, row, side)) for side in BOX)
        box = (left, top, width, height)
    group, subset = _cell(header, row, "group"), _cell(header, row, "subset")
    marks.faces.append(Mark(where, name, file, points, box, group=group, subset=subset))


def _number(header: Header, text: str) -> float:
    """The number in a cell, NaN for any other text. Semicolons leave the comma to decimals."""
    return face_table.parse_number(text.replace(",", ".") if header.delimiter == ";" else text)


def _is_yes(text: str) -> bool:
    """What a cell answers, in a word or a number above 0. Raises ValueError in words."""
    word = text.lower()
    if word in (*_YES, *_NO):
        return word in _YES
    if math.isnan(number := face_table.parse_number(word)):
        raise ValueError(f"{text!r:.60} is neither a number nor yes or no")
    return number > 0


def _uneven(row: list[str], header: Header) -> str:
    return f"{len(row)} columns, the header has {len(header.columns)}"


def _cell(header: Header, row: list[str], role: str) -> str:
    return row[header.at[role]].strip() if role in header.at else ""
