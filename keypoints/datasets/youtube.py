"""YouTube Faces frames (Wolf et al., 2011) as the Udacity project ships them: 68 points, two CSVs."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from keypoints import errors
from keypoints.datasets import face_table
from keypoints.errors import Faults, UserError
from keypoints.landmarks import IBUG as SCHEME

if TYPE_CHECKING:
    import pandas as pd

SPLITS = ("official", "person")

_CSV = r"(?:.*/)?data/(?:training|test)_frames_keypoints\.csv"
_IMAGE = r"(?:.*/)?data/(?:training|test)/[^./][^/]*\.(?:jpg|jpeg|png)"
_HEADER = [str(k) for k in range(2 * SCHEME.points)]
_TEST, _VAL = 0.2, 0.1  # of the people


def parse(archive: Path, seed: int, faults: Faults) -> pd.DataFrame:
    """The table of faces of both lists (see `face_table.build_table`), with a column split_<protocol> each.

    subset is "training" or "test", the folder; group the person. Protocols: official tests on the test
    list, whose people are all in the training list too, and validates on a tenth of the training
    people; person shares the people out, a fifth to test and a tenth to validate on. `seed` draws
    them. Raises `UserError`.
    """
    lists, sizes = face_table.scan(archive, _CSV, _IMAGE)
    faces = [face for folder in ("training", "test") for face in _faces(archive, lists, folder)]
    table = face_table.build_table(archive, faces, sizes, faults)
    person, training = table["group"], table["subset"] == "training"
    (val,) = face_table.draw_groups(person[training], seed, _VAL)
    table["split_official"] = "test"
    table.loc[training, "split_official"] = person[training].map(
        lambda name: "val" if name in val else "train"
    )
    test, val_person = face_table.draw_groups(person, seed, _TEST, _VAL)
    table["split_person"] = person.map(
        lambda name: "test" if name in test else "val" if name in val_person else "train"
    )
    return table


def _faces(archive: Path, lists: dict[str, bytes], subset: str) -> Iterator[face_table.Face]:
    """One CSV: an image's name, then x0 y0 x1 y1 … in pixels; the images lie in the folder beside it."""
    ending = f"{subset}_frames_keypoints.csv"
    folder, content = face_table.find_member(archive, lists, ending)
    where = f"{archive}: {ending}"
    seen: dict[str, list[str]] = {}
    twice = 0
    for name, values in _rows(content, where):
        if name in seen:
            if values != seen[name]:
                raise UserError(
                    f"{where}: {name} is listed twice, with different points: remove the wrong row"
                )
            twice += 1
            continue
        seen[name] = values
        points = tuple(map(face_table.parse_number, values))
        yield face_table.Face(f"{folder}{subset}/{name}", (), points, _person(name), subset)
    if twice:
        errors.warn(f"{where}: {twice} rows are there twice, and count once")


def _rows(content: bytes, where: str) -> Iterator[tuple[str, list[str]]]:
    """The rows below the header: an image's name and the texts of its coordinates. Raises `UserError`."""
    try:
        rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
        header = next(rows, [])
        if header[1:] != _HEADER:
            raise UserError(
                f"{where}: {_difference(header)}: expected the image's name and then 0 to {_HEADER[-1]}"
            )
        for row in filter(None, rows):
            if len(row) != len(header):
                raise UserError(
                    f"{where}: {row[0]}: {len(row)} columns, {len(header)} are needed: repair the row"
                )
            yield row[0], row[1:]
    except (ValueError, csv.Error) as error:
        raise UserError(f"{where}: no CSV ({error}): download the archive again") from None


def _difference(header: list[str]) -> str:
    wrong = next((k for k, (a, b) in enumerate(zip(header[1:], _HEADER, strict=False)) if a != b), None)
    return f"{len(header)} columns" if wrong is None else f"{header[wrong + 1]!r} in column {wrong + 2}"


def _person(name: str) -> str:
    return re.sub(r"_\d+$", "", Path(name).stem)
