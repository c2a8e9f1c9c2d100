"""A person's own annotated faces, in any of the `formats`: their table, their scheme, splits by groups."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from keypoints.datasets import archives, face_table, formats
from keypoints.datasets.formats import scheme
from keypoints.datasets.formats.csv_header import find_delimiter
from keypoints.datasets.formats.documents import Name, normalise
from keypoints.errors import Faults, UserError, warn
from keypoints.landmarks import Scheme

if TYPE_CHECKING:
    import pandas as pd

    from keypoints.settings.params import Splits

FEWEST = 3  # groups: one to train, one to validate, one to test
SHARES = ("train", "val", "test")


def parse(archive: Path, name: str, splits: Splits, faults: Faults) -> tuple[pd.DataFrame, Scheme]:
    """The table of faces of the data set `name` (see `face_table.build_table`), and the scheme of its points.

    Splits: holdout is drawn by groups, or as the list says; fold1, fold2 … test every group once. What is
    left out is noted in `faults`. Points and boxes are those of upright pictures. Raises `UserError`.
    """
    found = formats.read(archive, faults.max_share).upright()
    for each in found.left_out:
        faults.add(each.where, each.why)
    table = found.table()
    table["subset"] = table["subset"].replace("", "all")
    key = f"datasets.{name}.splits"
    listed = read_list(archive, splits.csv, found.sizes, table["file"], key) if splits.csv else {}
    if "group" in listed:
        table["group"] = table["file"].map(listed["group"]).fillna(table["group"])
    if splits.group:
        table["group"] = [find_group(splits.group, file, key) for file in table["file"]]
    add_splits(table, splits, listed.get("split"), key)
    return table, scheme.derive(found)


def find_group(pattern: str, file: str, key: str) -> str:
    """The match of the expression in a file's path: its first group, or all of it. Raises `UserError`."""
    try:
        match = re.search(pattern, file)
    except re.error as error:
        raise UserError(f"{key}.group: {pattern!r} is no regular expression: {error}") from None
    if not match:
        raise UserError(f"{key}.group: {pattern!r} finds nothing in {file}: correct it, or rename the file")
    return match[1] if match.re.groups and match[1] is not None else match[0]


def read_list(
    archive: Path, member: str, pictures: Collection[str], needed: Iterable[str], key: str
) -> dict[str, dict[str, str]]:
    """The columns group and split, if present, of a CSV in the archive: column -> picture -> value.

    Rows name a picture by its path in the archive, or the end of that. Warns of rows that name no picture,
    and of pictures in `needed` that no row names. Raises `UserError`.
    """
    where = f"{archive}: {member}"
    contents = [content for _, content in archives.members(archive, member.__eq__)]
    if not contents:
        raise UserError(f"{where} is not there: correct {key}.csv")
    try:
        rows = read_rows(contents[0].decode("utf-8-sig"))
    except (ValueError, csv.Error) as error:
        raise UserError(f"{where}: no CSV in UTF-8 ({error}): save it again") from None
    columns: list[str] = [column for column in ("group", "split") if rows and column in rows[0]]
    if not columns or "file" not in rows[0]:
        raise UserError(f"{where}: it needs a column file, and group or split: name them in its first line")
    known, unknown = index_endings(pictures), []
    listed: dict[str, dict[str, str]] = {}
    for number, row in enumerate(rows, 2):
        named = row["file"]
        fitting = known.get(normalise(named), [])
        if not fitting:
            unknown.append(named)
            continue
        if len(fitting) > 1:
            both = f"{fitting[0]} and {fitting[1]}"
            raise UserError(f"{where}: line {number}: {named} may be {both}: write the folders too")
        said = {column: row[column] for column in columns}
        if said.get("split") and said["split"] not in SHARES:
            raise UserError(f"{where}: line {number}: split {said['split']!r} is none of {', '.join(SHARES)}")
        if listed.setdefault(fitting[0], said) != said:
            raise UserError(f"{where}: line {number}: another line says otherwise of {named}: keep one")
    if not listed:
        raise UserError(
            f"{where}: no row names a picture, the first {unknown[0]!r}: write paths, as in a/1.jpg"
        )
    warn_of_gaps(where, unknown, [name for name in dict.fromkeys(needed) if name not in listed])
    return {
        column: {name: said[column] for name, said in listed.items() if said[column]} for column in columns
    }


def read_rows(text: str) -> list[dict[str, str]]:
    """The rows of a CSV by the names of its columns in small letters; "" for cells that a row lacks.

    It stands between what tables of faces stand between. Raises csv.Error.
    """
    delimiter = find_delimiter(next(iter(text.splitlines()), ""))
    reader = csv.DictReader(io.StringIO(text, newline=""), restval="", delimiter=delimiter, strict=True)
    columns = reader.fieldnames = [name.strip().lower() for name in reader.fieldnames or ()]
    return [{column: row[column].strip() for column in columns} for row in reader]


def index_endings(pictures: Collection[str]) -> dict[Name, list[str]]:
    """Path -> the pictures that it may mean: the one with exactly this path, else all that end with it."""
    found: dict[Name, list[str]] = {}
    for name in pictures:
        parts = normalise(name)
        for k in range(len(parts)):
            found.setdefault(parts[k:], []).append(name)
    return found | {normalise(name): [name] for name in pictures}


def warn_of_gaps(where: str, unknown: list[str], unlisted: list[str]) -> None:
    """One line on rows that name no picture and pictures that no row names, where there are any."""
    gaps = {"rows name no picture": unknown, "pictures with faces are not listed": unlisted}
    said = [f"{len(names)} {what}, the first {names[0]!r}" for what, names in gaps.items() if names]
    if said:
        warn(f"{where}: {'; '.join(said)}")


def add_splits(table: pd.DataFrame, splits: Splits, listed: dict[str, str] | None, key: str) -> None:
    """Add the columns split_holdout and split_fold1 … to the table. Raises `UserError` for too few groups."""
    ranked = face_table.rank_groups(table["group"], splits.seed)
    many = len(ranked)
    if listed is not None:
        table["split_holdout"] = table["file"].map(listed).fillna("")
        spread = table[table["split_holdout"] != ""].groupby("group")["split_holdout"].nunique()
        if (torn := spread.index[spread > 1]).size:
            warn(f"{key}.csv: {len(torn)} groups are in more than one split, the first {torn[0]!r}")
    elif many < FEWEST:
        raise UserError(f"{key}: the faces are of {many} groups, {FEWEST} are needed: give {key}.csv")
    else:
        test = count_groups(splits.test, many)
        table["split_holdout"] = table["group"].map(share_out(ranked, 0, test, splits.val))
    folds = min(splits.folds, many) if many >= FEWEST else 0
    for fold in range(folds):
        first, last = (round(k * many / folds) for k in (fold, fold + 1))
        table[f"split_fold{fold + 1}"] = table["group"].map(share_out(ranked, first, last, splits.val))


def share_out(ranked: list[str], first: int, last: int, val: float) -> dict[str, str]:
    """Group -> split: `first` to before `last` in rank test, a share `val` validates, the rest trains."""
    rest = ranked[last:] + ranked[:first]
    of = dict.fromkeys(ranked[first:last], "test")
    of |= dict.fromkeys(rest[: min(count_groups(val, len(ranked)), len(rest) - 1)], "val")
    return {group: of.get(group, "train") for group in ranked}


def count_groups(share: float, groups: int) -> int:
    """A share of the groups as a number: at least one unless the share is 0, and never all."""
    return min(max(1, round(share * groups)), groups - FEWEST + 1) if share else 0
