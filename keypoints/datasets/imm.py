"""IMM Face Database (Nordstrøm, Larsen, Sierakowski, Stegmann, 2004): 40 people, 6 views, 58 points.

Members `NN-Vg.asf` and `NN-Vg.jpg` (person, view, gender), wherever their folder lies in the archive.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from keypoints.datasets import face_table
from keypoints.datasets.face_table import Face, Size, parse_number
from keypoints.errors import Faults, UserError
from keypoints.landmarks import IMM as SCHEME

if TYPE_CHECKING:
    import pandas as pd

SPLITS = ("course", "held_out")

_NAME = r"(?:.*/)?(\d\d)-(\d)[mf]"
_LONGEST = 2**16  # bytes of an `.asf`; they have 5 KB
_TRAIN, _VAL = {"course": 32, "held_out": 28}, {"course": 40, "held_out": 32}  # the last person of each


def parse(archive: Path, seed: int, faults: Faults) -> pd.DataFrame:
    """The table of faces (see `face_table.build_table`), with a column split_<protocol> for each of SPLITS.

    Protocols: course trains on people 1-32 and validates on 33-40; held_out trains on 1-28, validates
    on 29-32 and tests on 33-40. Neither draws, so `seed` changes nothing. Raises `UserError`.
    """
    shapes, sizes = face_table.scan(archive, _NAME + r"\.asf", _NAME + r"\.jpg", _LONGEST)
    table = face_table.build_table(
        archive, (_face(archive, *item, sizes) for item in shapes.items()), sizes, faults
    )
    person = table["group"].astype(int)
    for name in SPLITS:
        table[f"split_{name}"] = "train"
        table.loc[person > _TRAIN[name], f"split_{name}"] = "val"
        table.loc[person > _VAL[name], f"split_{name}"] = "test"
    return table


def _face(archive: Path, name: str, content: bytes, sizes: dict[str, Size | str]) -> Face:
    """One `.asf`: the number of points, a line for each (path type x y point from to), the image's name.

    x and y are shares of the image's width and height.
    """
    text = content.decode("latin-1").splitlines()
    lines = [line for line in map(str.strip, text) if line and not line.startswith("#")]
    where = f"{archive}: {name}"
    rows = [line.split() for line in lines[1:-1]]
    if not lines or lines[0] != str(SCHEME.points) or len(rows) != SCHEME.points:
        raise UserError(f"{where}: {len(rows)} points, {SCHEME.points} are needed: repair or remove it")
    if any(len(row) < 5 or row[4] != str(k) for k, row in enumerate(rows)):
        raise UserError(f"{where}: the points are not numbered 0 to {SCHEME.points - 1} in turn: repair it")
    host = lines[-1]
    if not re.fullmatch(r"[\w .-]+", host) or host.startswith("."):
        raise UserError(
            f"{where}: the image's name {host!r} must be a plain one, without a folder: repair it"
        )
    file = name.rpartition("/")[0] + "/" * ("/" in name) + host
    size = sizes.get(file)
    width, height = size if isinstance(size, tuple) else (1, 1)  # `build_table` leaves a broken one out
    points = [parse_number(row[2 + i]) * (width, height)[i] for row in rows for i in range(2)]
    match = re.fullmatch(_NAME + r"\.asf", name)
    assert match is not None  # as `scan` picked it
    person, view = match.groups()
    return Face(file, (), tuple(points), person, f"view {view}")
