"""The table and the charts of all systems that were run: results/systems/<profile>."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from keypoints import files

Row = dict[str, Any]  # what systems.run gives: a JSON file each

GROUPS = ("nose", "face", "landmarks", "heatmaps", "youtube")
COLUMNS = {
    "system": "system",
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
    "mean_shape_nme": "mean shape, %",
    "follow_position": "follows position",
    "follow_shape": "follows shape",
    "split": "split",
    "faces": "faces",
}
BEGIN, END = "<!-- written by make systems -->", "<!-- make systems ends here -->"


def write(folder: Path, page: Path) -> None:
    """The rows in `folder` as its README.md, with a chart a part, and their shorter table into `page`.

    Best NME first within a part. `page` has the marks BEGIN and END around what is replaced, or is
    left alone.
    """
    rows = [json.loads(path.read_text()) for path in folder.glob("*.json")]
    rows.sort(key=lambda row: (GROUPS.index(part(row)), row.get("nme", 1e9), label(row)))
    lines = table(rows, COLUMNS | DETAILS)
    for group in GROUPS:
        measured = [row for row in rows if part(row) == group and "nme" in row]
        if len(measured) > 1:
            chart(folder / f"{group}.png", measured)
            lines += ["", f"![NME of the systems of {group}]({group}.png)"]
    with files.whole(folder / "README.md") as temporary:
        temporary.write_text("\n".join(lines) + "\n")
    before, begin, rest = page.read_text().partition(BEGIN)
    if begin:
        inside = [BEGIN, "", *table(rows, COLUMNS), "", END]
        with files.whole(page) as temporary:
            temporary.write_text(before + "\n".join(inside) + rest.partition(END)[2])


def table(rows: list[Row], columns: dict[str, str]) -> list[str]:
    """A Markdown table's lines, a row a system."""
    lines = [f"| {' | '.join(columns.values())} |", "|---|" + "---:|" * (len(columns) - 1)]
    for row in rows:
        cells = {key: row.get(key) for key in columns} | {"system": f"`{row['system']}`"}
        if row.get("changed"):
            cells["system"] += f" {row['changed']}"
        if "failed" in row:
            cells["nme"] = "failed"
        lines.append(f"| {' | '.join(map(text, cells.values()))} |")
    return lines


def text(cell: str | float | None) -> str:
    if isinstance(cell, int):
        return f"{cell:,}"
    if isinstance(cell, float):
        return f"{cell:.4g}"
    return cell or ""


def part(row: Row) -> str:
    return row["system"].split("=")[0]


def label(row: Row) -> str:
    """The option, and what was changed in it."""
    return " ".join(filter(None, [row["system"].split("=")[1], row.get("changed")]))


def chart(path: Path, rows: list[Row]) -> None:
    """A bar a system: its NME, and a line for the predictor that says the mean shape."""
    from keypoints.plots.canvas import LINES, figure

    with figure(path, 7.0, 0.8 + 0.3 * len(rows)) as sheet:
        axes = sheet.subplots()
        worst = max(row["mean_shape_nme"] for row in rows)
        for at, row in enumerate(rows):
            colour = LINES[1] if label(row) == "best" else LINES[0]
            axes.barh(at, min(row["nme"], 1.5 * worst), color=colour, height=0.7)
            axes.text(min(row["nme"], 1.5 * worst), at, f" {row['nme']:.2f}", va="center")
        axes.axvline(worst, color="0.3", linestyle="--", linewidth=1)
        axes.text(worst, -0.75, " mean shape", color="0.3", va="bottom")
        axes.set_yticks(range(len(rows)), [label(row) for row in rows])
        axes.set(xlabel="NME, % (bars end at 1.5 times the mean shape's)", xlim=(0, 1.7 * worst))
        axes.invert_yaxis()
        axes.grid(axis="y", visible=False)
        axes.set_axisbelow(True)
