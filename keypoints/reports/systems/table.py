"""The table and the charts of all systems that were run: results/systems/<profile>."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from keypoints import files
from keypoints.reports import markdown
from keypoints.reports.systems import charts
from keypoints.reports.systems.charts import Row

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
    "nme": charts.draw_bars,
    "val_nmes": charts.draw_curves,
    "follow_position": charts.draw_following,
    "subsets": charts.draw_groups,
    "regions": charts.draw_groups,
}


def write(folder: Path, names: Sequence[str]) -> None:
    """The rows of these names in `folder` as its README.md, with charts.

    Best NME first within a part; a row that has no file is left out.
    """
    parts = list(dict.fromkeys(name.partition("-")[0] for name in names))
    rows = [read_row(path) for name in names if (path := folder / f"{name}.json").exists()]
    rows.sort(key=lambda row: (parts.index(row["part"]), row.get("nme", 1e9), row["name"]))
    columns = COLUMNS | DETAILS
    lines = ["# Every system on the real data", "", "Written by `make systems`.", ""]
    lines += markdown.table(list(columns.values()), ([cell(row, key) for key in columns] for row in rows), 3)
    for part in parts:
        for key, chart in CHARTS.items():
            drawn = [row for row in rows if row["part"] == part and worth_drawing(row.get(key))]
            if len(drawn) > 1:
                chart(folder / f"{part}-{key}.png", drawn, key)
                lines += ["", f"![{key} of the systems of {part}]({part}-{key}.png)"]
    ranked = sorted((row for row in rows if row.get("kaggle")), key=lambda row: row["kaggle"])
    if len(ranked) > 1:
        charts.draw_leaderboard(folder / "kaggle.png", ranked)
        lines += ["", "![the Kaggle list, as it is estimated and as the authors report](kaggle.png)"]
    with files.whole(folder / "README.md") as temporary:
        temporary.write_text("\n".join(lines) + "\n")


def read_row(path: Path) -> Row:
    """A row's file, <part>-<name>.json."""
    part, _, name = path.stem.partition("-")
    row = json.loads(path.read_text())
    option = row["system"].partition("=")[2]
    changed = ": ".join(filter(None, [option if option != name else None, row.get("changed")]))
    return row | {"part": part, "name": name, "changed": changed}


def cell(row: Row, key: str) -> markdown.Cell:
    """What a row says in a column; where the training failed, why."""
    return f"failed: {row['failed']}" if key == "nme" and "failed" in row else row.get(key)


def worth_drawing(value: object) -> bool:
    """Whether a row has it; one subset or region alone is the whole."""
    return value is not None and not (isinstance(value, dict) and len(value) < 2)
