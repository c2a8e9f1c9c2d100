"""The page of the trainings that `make ablations` has made: results/ablations.md."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from keypoints.reports import markdown

BASE = "base"
CLOSE = 2.0  # %: less between a row and the base says nothing by one seed
COLUMNS = ["row", "changed", "NME, %", "to the base, %", "±", "seeds", "epochs", "minutes", "test NME, %"]
Row = dict[str, str]  # one training, as results/ablations.csv has it


def page(rows: Sequence[Row]) -> list[str]:
    """The lines of the page: a table for each base, the newest first."""
    looks = sum(bool(row["test_nme"]) for row in rows)
    lines = ["# Ablations", "", "Written by `make ablations`; the rows are in conf/ablations.yaml.", ""]
    lines += [
        "NME is that of the validation faces after the last epoch, % of the distance of the outer eye",
        "corners, mean over the seeds. *To the base*: the difference to the base of the same seed, which has",
        f"the same validation faces, mean over the seeds. A row that differs by less than {CLOSE:g} %",
        "is trained with three seeds. ±: the standard error of that mean; minutes: of all seeds. Rows are",
        f"chosen by validation faces alone; test faces were looked at {looks} times, once for a figure of",
        "the last column.",
    ]
    for base in reversed(dict.fromkeys(row["base"] for row in rows)):
        own = [row for row in rows if row["base"] == base]
        names = dict.fromkeys(row["name"] for row in own)
        table = [summarise([row for row in own if row["name"] == name], own) for name in names]
        lines += ["", f"## Base {base}", "", *markdown.table(COLUMNS, table, 2)]
    return lines


def summarise(rows: Sequence[Row], every: Sequence[Row]) -> list[markdown.Cell]:
    """The cells of one row of the table, by its trainings and those of the base among `every`."""
    first, bases = rows[0], {row["seed"]: row for row in every if row["name"] == BASE}
    mean = float(np.mean([float(row["val_nme"]) for row in rows]))
    apart = np.array([difference(row, bases[row["seed"]]) for row in rows])
    compared = first["name"] != BASE and np.isfinite(apart).all()
    error = apart.std(ddof=1) / np.sqrt(len(apart)) if compared and len(apart) > 1 else None
    minutes = [float(row["minutes"]) for row in rows if row["minutes"]]
    return [
        first["name"],
        first["changed"],
        "failed" if np.isnan(mean) else mean,
        f"{apart.mean():+.1f}" if compared else None,
        None if error is None else f"{error:.1f}",
        len(rows),
        int(first["epochs"]),
        sum(minutes) if minutes else None,
        next((float(row["test_nme"]) for row in rows if row["test_nme"]), None),
    ]


def difference(row: Row, base: Row) -> float:
    """By how much a training's error is above the base's, %; NaN where one of them failed."""
    return 100 * (float(row["val_nme"]) / float(base["val_nme"]) - 1)
