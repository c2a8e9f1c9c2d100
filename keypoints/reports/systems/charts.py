"""Charts of what the systems of `make systems` teach; `table` calls them with its rows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from keypoints.pictures.colours import LINES
from keypoints.plots.style import DASHES, figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Row = dict[str, Any]  # what table.read_row gives
ROW = 0.27  # inches per system
PLAIN = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}


def draw_bars(path: Path, rows: list[Row], key: str = "nme") -> None:
    """One bar per system: its NME, and a line where the predictor is that always answers the mean shape."""
    with figure(path, 7.0, 0.8 + ROW * len(rows)) as sheet:
        axes = sheet.subplots()
        means = [row["mean_shape_nme"] for row in rows]
        end = 1.5 * max(means)
        widths = [min(row[key], end) for row in rows]
        axes.barh(range(len(rows)), widths, color=[row_colour(row) for row in rows], height=0.7)
        axes.vlines(
            means, np.arange(len(rows)) - 0.5, np.arange(len(rows)) + 0.5, color="0.3", linestyles="--"
        )
        for at, row in enumerate(rows):
            axes.text(widths[at], at, f" {row[key]:.2f}", va="center", bbox=PLAIN)
        axes.set(xlim=(0, 1.15 * end), xlabel="NME, %; dashed: the mean shape's. Longer bars are cut")
        label_rows(axes, rows)


def draw_curves(path: Path, rows: list[Row], key: str = "val_nmes") -> None:
    """One line per system: its NME on the validation faces, %, after every epoch; a disc where it ends."""
    from matplotlib import colormaps, ticker

    with figure(path, 7.0, 4.5) as sheet:
        axes = sheet.subplots()
        shades = colormaps["viridis"](np.linspace(0, 0.9, len(rows)))
        for i, (row, shade) in enumerate(zip(rows, shades, strict=True)):
            line = {"color": LINES[1] if is_best(row) else shade, "linestyle": DASHES[i % 4]}
            steps = range(1, len(row[key]) + 1)
            axes.plot(steps, row[key], linewidth=1.3, label=row["name"], **line)
            axes.plot(steps[-1], row[key][-1], "o", markersize=4, **line)
        axes.set(xscale="log", yscale="log", xlabel="epoch", ylabel="validation NME, %")
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_formatter("")
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_locator(ticker.LogLocator(subs=(2, 3, 5)))
        axes.yaxis.set_minor_formatter("{x:g}")
        sheet.legend(loc="outside right upper")


def draw_leaderboard(path: Path, rows: list[Row], key: str = "kaggle") -> None:
    """One bar per system: its estimated error on the Kaggle list; discs are its author's figures."""
    with figure(path, 7.0, 0.9 + ROW * len(rows)) as sheet:
        axes = sheet.subplots()
        kinds = sorted({row["part"] for row in rows})
        for i, kind in enumerate(kinds):
            held = [(row[key], at) for at, row in enumerate(rows) if row["part"] == kind]
            axes.barh([at for _, at in held], [px for px, _ in held], color=LINES[i], height=0.7, label=kind)
        authors = [(px, at) for at, row in enumerate(rows) for px in reported_figures(row, key)]
        if authors:
            discs = {"color": "0.1", "fillstyle": "none", "markersize": 6, "label": "its author reports"}
            axes.plot(*zip(*authors, strict=True), "o", **discs)
        for at, row in enumerate(rows):
            axes.text(row[key], at, f" {row[key]:.2f}", va="center", bbox=PLAIN)
        longest = max(row[key] for row in rows)
        axes.set(xlim=(0, 1.12 * longest), xlabel="mean absolute error on the Kaggle list, estimated, px")
        sheet.legend(loc="outside upper center", ncols=len(kinds) + 1)
        label_rows(axes, [row | {"name": f"{row['part']} {row['name']}"} for row in rows])


def reported_figures(row: Row, key: str) -> list[float]:
    """The figures that a row's author gives under this name: `kaggle 8.50 / 8.46` are two."""
    for entry in (row.get("reported") or "").split(", "):
        name, _, figures = entry.rpartition(f"{key} ")
        if not name and figures != entry:
            return [float(figure) for figure in figures.split(" / ")]
    return []


def draw_following(path: Path, rows: list[Row], key: str = "follow_position") -> None:
    """Two discs per system: how far it follows the faces' position and shape (evaluation/diagnosis.py)."""
    kinds = {key: ("o", "position"), "follow_shape": ("D", "shape")}
    with figure(path, 7.0, 0.9 + ROW * len(rows)) as sheet:
        axes = sheet.subplots()
        for i, (kind, (marker, name)) in enumerate(kinds.items()):
            held = [(np.clip(row[kind], -0.1, 1.45), at) for at, row in enumerate(rows) if kind in row]
            if held:
                axes.plot(*zip(*held, strict=True), marker, color=LINES[i], markersize=6, label=name)
        for end in (0, 1):
            axes.axvline(end, color="0.3", linestyle="--", linewidth=1)
        axes.set(xlabel="0: answers the mean shape … 1: follows the face all the way", xlim=(-0.15, 1.5))
        sheet.legend(loc="outside upper center", ncols=2)
        label_rows(axes, rows)


def draw_groups(path: Path, rows: list[Row], key: str) -> None:
    """NME by subset or region, one line per system, darker where it is worse than elsewhere.

    A row that shares no name with the first is another data set's, and left out.
    """
    rows = [row for row in rows if row[key].keys() & rows[0][key].keys()]
    names = sorted({name for row in rows for name in row[key]})
    table = np.array([[row[key].get(name, np.nan) for name in names] for row in rows])
    relative = table / np.nanmean(table, axis=1, keepdims=True)
    with figure(path, 2.6 + 0.75 * len(names), 1.1 + ROW * len(rows)) as sheet:
        axes = sheet.subplots()
        axes.imshow(relative, cmap="Oranges", vmin=0.4, vmax=2.0, aspect="auto")
        for (y, x), value in np.ndenumerate(table):
            text = "" if np.isnan(value) else f"{value:.1f}" if value < 100 else f"{value:.0f}"
            dark = relative[y, x] > 1.6
            axes.text(x, y, text, ha="center", va="center", color="white" if dark else "black")
        axes.set_xticks(range(len(names)), [name.replace(" ", "\n").replace("/", "/\n") for name in names])
        axes.xaxis.tick_top()
        label_rows(axes, rows)
        axes.grid(visible=False)
        axes.tick_params(length=0)


def label_rows(axes: Axes, rows: list[Row]) -> None:
    """The systems along the vertical axis, the first on top."""
    axes.set_yticks(range(len(rows)), [row["name"] for row in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.grid(axis="y", visible=False)
    axes.set_axisbelow(True)


def row_colour(row: Row) -> str:
    return LINES[1] if is_best(row) else LINES[0]


def is_best(row: Row) -> bool:
    return row["system"].endswith("=best")
