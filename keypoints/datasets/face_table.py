"""What all data sets share: reading an archive, the table of faces and its file, drawing groups."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from keypoints import files
from keypoints.crops import Region
from keypoints.datasets.archives import members
from keypoints.errors import Faults, UserError
from keypoints.landmarks import Scheme
from keypoints.pictures.images import open_header

if TYPE_CHECKING:
    import pandas as pd

TEXT = 2**25  # bytes of one list of faces; iBUG's longest has 7 MB
TEXTS = 2**26  # of all lists of an archive, which are kept in memory
FAR = 1e6  # pixels: no annotation reaches that far
Size = tuple[int, int]  # width, height in pixels of the image file


@dataclass(frozen=True)
class Face:
    """One annotated face.

    file:   path of the image inside the archive
    box:    in pixels of the image, or () for the whole of it
    points: x0 y0 x1 y1 … in pixels of the image; a point that was not marked is NaN NaN
    group:  faces of one person or photograph share it
    subset: errors are reported for each subset
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
            sizes[name] = picture_size(data)
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
    archive: Path,
    faces: Iterable[Face],
    sizes: Mapping[str, Size | str],
    faults: Faults,
    missing: bool = False,
) -> pd.DataFrame:
    """The table of faces: file, width, height, left, top, box_width, box_height, points, group, subset.

    One row per face, sorted, so that the order of members and annotations does not matter. Faces whose
    image is broken or missing are left out and noted in `faults`. Raises `UserError` when these are more
    than it allows, when no face remains, and for coordinates that are no numbers, unless points may be
    `missing`: both NaN.
    """
    import pandas as pd

    rows = []
    faces = sorted(faces, key=rank)
    for face in faces:
        if why := find_fault(face, missing):
            raise UserError(f"{archive}: {face.file}: {why}: repair its annotation")
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
    """Raise ValueError for a table that `build_table` cannot have made: columns, types, lengths, ranges."""
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


def rank_groups(groups: Iterable[str], seed: int) -> list[str]:
    """Every group once, ordered by a hash of seed and name.

    So the order and number of rows do not matter, and a few more or fewer groups hardly change the order.
    """
    return sorted(set(groups), key=lambda group: hashlib.sha256(f"{seed} {group}".encode()).digest())


def draw_groups(groups: Iterable[str], seed: int, *shares: float) -> list[set[str]]:
    """Disjoint random sets of groups, in the order of `rank_groups`: for each share, that part of all groups.

    Sizes are rounded; a set is empty only if there are not more groups than shares.
    """
    ranked = rank_groups(groups, seed)
    drawn: list[set[str]] = []
    for share in shares:
        count = max(1, round(share * len(ranked))) if len(ranked) > len(shares) else 0
        start = sum(map(len, drawn))
        drawn.append(set(ranked[start : start + count]))
    return drawn


def save(path: Path, table: pd.DataFrame, scheme: Scheme | None) -> None:
    """Write the table as Parquet, and the scheme if it came with the data; same faces, same bytes."""
    import pyarrow as pa
    from pyarrow import parquet

    # Without pandas' notes on its version, the bytes depend on the faces (and pyarrow) alone.
    about = {"scheme": json.dumps(scheme.as_dict())} if scheme else None
    columns = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(about)
    with files.whole(path) as part:
        parquet.write_table(columns, part, compression="zstd", write_page_checksum=True)


def load(path: Path) -> tuple[pd.DataFrame, Scheme | None]:
    """What `save` wrote. Raises `UserError`."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        columns = parquet.read_table(path, page_checksum_verification=True)
        stored = (columns.schema.metadata or {}).get(b"scheme")
        table = columns.to_pandas()
        table["points"] = [np.asarray(points, np.float64) for points in table["points"]]  # null is NaN
        check(table)
        return table, Scheme.from_dict(json.loads(stored)) if stored else None
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        why = str(error) if type(error) is ValueError else type(error).__name__
        raise UserError(f"{path} is no table of faces ({why}): run `dvc repro`") from None


def rank(face: Face) -> tuple[object, ...]:
    """The sort key of faces: their fields, with missing points first."""
    points = tuple(-math.inf if math.isnan(value) else value for value in face.points)
    return face.file, face.box, points, face.group, face.subset, face.more


def find_fault(face: Face, missing: bool = False) -> str:
    """What is wrong with a face's numbers, or an empty text. With `missing`, points may be NaN NaN."""
    for k in range(0, len(face.points), 2):
        point = face.points[k : k + 2]
        if missing and all(map(math.isnan, point)):
            continue
        if why := _fault(f"point {k // 2}", point):
            return why
    return _fault("the box", face.box)


def _fault(what: str, values: Sequence[float]) -> str:
    if not all(map(math.isfinite, values)):
        return f"{what} is not a finite number"
    return next((f"{value:g} is no place in a picture" for value in values if abs(value) > FAR), "")


def picture_size(data: bytes) -> Size | str:
    """(width, height) of a picture as stored, or why it is broken; only its header is read."""
    try:
        return open_header(data).size  # a file's name may lie about its format
    except ValueError as error:
        return str(error)
