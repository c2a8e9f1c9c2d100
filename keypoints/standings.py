"""The table and the charts of all systems that were run: results/systems/<profile>."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from keypoints import files, lessons
from keypoints.lessons import Row

GROUPS = ("nose", "face", "landmarks", "heatmaps", "youtube")
COLUMNS = {
    "part": "part",
    "name": "system",
    "changed": "changed",
    "parameters": "parameters",
    "size": "crop, px",
    "epochs": "epochs",
    "minutes": "training, min",
    "val_loss": "val. loss, its own",
    "mse": "MSE",
    "nme": "NME, %",
    "mae_px": "MAE, px",
    "kaggle": "Kaggle, est. px",
    "reported": "its author reports",
}
DETAILS = {
    "val_nme": "val. NME, %",
    "mean_shape_nme": "mean shape, %",
    "follow_position": "follows position",
    "follow_shape": "follows shape",
    "size_ratio": "size of its faces",
    "codec_nme": "codec loses, %",
    "outside": "points outside",
    "split": "split",
    "faces": "faces",
}
CHARTS = {  # file name, by what a row must have
    "nme": lessons.bars,
    "val_nmes": lessons.curves,
    "follow_position": lessons.following,
    "subsets": lessons.groups,
    "regions": lessons.groups,
}
BEGIN, END = "<!-- written by make systems -->", "<!-- make systems ends here -->"


def write(folder: Path, page: Path, names: Sequence[str]) -> None:
    """The rows of these names in `folder` as its README.md, with charts, and a shorter table into `page`.

    Best NME first within a part; a row that has no file is left out. `page` has the marks BEGIN and END
    around what is replaced, or is left alone.
    """
    rows = [read(path) for name in names if (path := folder / f"{name}.json").exists()]
    rows.sort(key=lambda row: (GROUPS.index(row["part"]), row.get("nme", 1e9), row["name"]))
    lines = table(rows, COLUMNS | DETAILS)
    for group in GROUPS:
        for key, chart in CHARTS.items():
            drawn = [row for row in rows if row["part"] == group and worth_drawing(row.get(key))]
            if len(drawn) > 1:
                chart(folder / f"{group}-{key}.png", drawn, key)
                lines += ["", f"![{key} of the systems of {group}]({group}-{key}.png)"]
    ranked = sorted((row for row in rows if row.get("kaggle")), key=lambda row: row["kaggle"])
    if len(ranked) > 1:
        lessons.leaderboard(folder / "kaggle.png", ranked)
        lines += ["", "![the Kaggle list, as it is estimated and as the authors report](kaggle.png)"]
    with files.whole(folder / "README.md") as temporary:
        temporary.write_text("\n".join(lines) + "\n")
    before, begin, rest = page.read_text().partition(BEGIN)
    if begin:
        inside = [BEGIN, "", *table(rows, COLUMNS), "", END]
        with files.whole(page) as temporary:
            temporary.write_text(before + "\n".join(inside) + rest.partition(END)[2])


def read(path: Path) -> Row:
    """A row's file, <part>-<name>.json."""
    part, _, name = path.stem.partition("-")
    row = json.loads(path.read_text())
    option = row["system"].partition("=")[2]
    changed = ": ".join(filter(None, [option if option != name else None, row.get("changed")]))
    return row | {"part": part, "name": name, "changed": changed}


def table(rows: list[Row], columns: dict[str, str]) -> list[str]:
    """A Markdown table's lines, a row a system."""
    lines = [f"| {' | '.join(columns.values())} |", "|---|---|---|" + "---:|" * (len(columns) - 3)]
    for row in rows:
        cells = {key: row.get(key) for key in columns}
        if "failed" in row:
            cells["nme"] = f"failed: {row['failed']}"
        lines.append(f"| {' | '.join(map(text, cells.values()))} |")
    return lines


def text(cell: str | float | None) -> str:
    if isinstance(cell, int):
        return f"{cell:,}"
    if isinstance(cell, float):
        return f"{cell:.4g}"
    return cell or ""


def worth_drawing(value: object) -> bool:
    """Whether a row has it; one subset or region alone is the whole."""
    return value is not None and not (isinstance(value, dict) and len(value) < 2)
