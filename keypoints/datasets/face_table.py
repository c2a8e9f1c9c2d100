"""What the data sets share: reading an archive once, the table of faces, the draw of groups."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from keypoints.crops import Region
from keypoints.datasets.archives import members
from keypoints.errors import Faults, UserError
from keypoints.images import open_header

if TYPE_CHECKING:
    import pandas as pd

TEXT = 2**25  # bytes of one list of faces; iBUG's longest has 7 MB
TEXTS = 2**26  # of all lists of an archive, which are kept in memory
FAR = 1e6  # pixels: no annotation reaches that far
Size = tuple[int, int]  # width, height in pixels of the image file


@dataclass(frozen=True, order=True)
class Face:
    """One annotated face; the order of faces is that of the table's rows.

    file:   path of the image inside the archive
    box:    in pixels of the image, or () for the whole of it
    points: x0 y0 x1 y1 … in pixels of the image
    group:  faces of one person or photograph share it
    subset: what errors are reported by
    more:   further columns, as (name, value)
    """

    file: str
    box: Region | tuple[()]
    points: tuple[float, ...]
    group: str
    subset: str
    more: tuple[tuple[str, str], ...] = ()


def scan(
    archive: Path, texts: str, images: str, longest: int = TEXT
) -> tuple[dict[str, bytes], dict[str, Size | str]]:
    """Read an archive once: the members that match `texts`, and the sizes of those that match `images`.

    Both are regular expressions for whole names. A size is (width, height), or the reason why the image
    is broken. Raises `UserError` for a bad archive, for one without any such text, and for texts of more
    than `longest` bytes or `TEXTS` together.
    """
    text, image = re.compile(texts), re.compile(images)
    contents: dict[str, bytes] = {}
    left = TEXTS
    sizes: dict[str, Size | str] = {}
    for name, data in members(archive, lambda name: bool(text.fullmatch(name) or image.fullmatch(name))):
        if text.fullmatch(name):
            contents[name] = data
            left -= len(data)
            if len(data) > longest or left < 0:
                raise UserError(
                    f"{archive}: {name} is too long for annotations: get the archive from elsewhere"
                )
        else:
            sizes[name] = _size(data)
    if not contents:
        raise UserError(f"{archive}: its annotations are not there: is it the archive of another data set?")
    return contents, sizes


def find_member(archive: Path, contents: dict[str, bytes], ending: str) -> tuple[str, bytes]:
    """The only member whose path ends with `ending`: its folder with a slash, and its content."""
    found = [name for name in contents if f"/{name}".endswith(f"/{ending}")]
    if len(found) != 1:
        raise UserError(f"{archive}: {len(found) or 'no'} members are named {ending}, exactly one is needed")
    return found[0].removesuffix(ending), contents[found[0]]


def parse_number(text: str | None) -> float:
    """The number in a text, NaN for any other text; `build_table` then names the face."""
    try:
        return float(text or "nan")
    except ValueError:
        return math.nan


def build_table(
    archive: Path, faces: Iterable[Face], sizes: dict[str, Size | str], max_broken: float
) -> pd.DataFrame:
    """The table of faces: file, width, height, left, top, box_width, box_height, points, group, subset.

    One row per face, sorted, so that the order of members and annotations does not matter. Faces whose
    image is broken or missing are left out. Raises `UserError` when these are more than the share
    `max_broken`, when no face remains, and for coordinates that are no numbers.
    """
    import pandas as pd

    faults, rows = Faults(archive, max_broken), []
    faces = sorted(faces)
    for face in faces:
        _check_finite(archive, face)
        size = sizes.get(face.file, "not in the archive")
        if isinstance(size, str):
            faults.add(face.file, size)
            continue
        left, top, width, height = map(float, face.box or (0, 0, *size))
        rows.append(
            {
                "file": face.file,
                "width": size[0],
                "height": size[1],
                "left": left,
                "top": top,
                "box_width": width,
                "box_height": height,
                "points": list(face.points),
                "group": face.group,
                "subset": face.subset,
                **dict(face.more),
            }
        )
    faults.check(len({face.file for face in faces}))
    if not rows:
        raise UserError(f"{archive}: no face with an image is in it")
    return pd.DataFrame(rows)


def check(table: pd.DataFrame) -> None:
    """Raise ValueError for what `build_table` never makes: other columns, kinds, lengths, ranges."""
    import numpy as np

    numbers = ["width", "height", "left", "top", "box_width", "box_height"]
    texts = ["file", "group", "subset"]
    if lacking := {*numbers, *texts, "points"} - set(table.columns):
        raise ValueError(f"the column {min(lacking)} is not there")
    for name in [*texts, *(column for column in table.columns if str(column).startswith("split_"))]:
        if not table[name].map(lambda value: isinstance(value, str)).all():
            raise ValueError(f"{name} is not text")
    points = np.array(table["points"].tolist(), np.float64)  # a ValueError where their lengths differ
    if points.ndim != 2 or points.shape[1] % 2 or np.nanmax(np.abs(points), initial=0) > FAR:
        raise ValueError("points are not x0 y0 x1 y1 …, or in no picture")
    values = table[numbers].to_numpy(np.float64)
    if not (np.abs(values) <= FAR).all() or not (values[:, :2] > 0).all():
        raise ValueError("a size or a box is no number, or in no picture")


def draw_groups(groups: Iterable[str], seed: int, *shares: float) -> list[set[str]]:
    """Disjoint sets of groups, each a share of all of them, rounded; of many groups each has at least one.

    The groups are ranked by a hash of seed and name, so neither order nor number of rows matters, and
    nearly the same groups are drawn from nearly the same set.
    """
    ranked = sorted(set(groups), key=lambda group: hashlib.sha256(f"{seed} {group}".encode()).digest())
    drawn: list[set[str]] = []
    for share in shares:
        count = max(1, round(share * len(ranked))) if len(ranked) > len(shares) else 0
        start = sum(map(len, drawn))
        drawn.append(set(ranked[start : start + count]))
    return drawn


def _check_finite(archive: Path, face: Face) -> None:
    values: Sequence[float] = (*face.points, *face.box)
    for k, value in enumerate(values):
        if not math.isfinite(value):
            what = f"point {k // 2}" if k < len(face.points) else "the box"
            raise UserError(f"{archive}: {face.file}: {what} is not a finite number: repair its annotation")
        if abs(value) > FAR:
            raise UserError(
                f"{archive}: {face.file}: {value:g} is no place in a picture: repair its annotation"
            )


def _size(data: bytes) -> Size | str:
    try:
        return open_header(data).size  # a file's name may lie about its format
    except ValueError as error:
        return str(error)
