"""What was learned, without a face: maps, filters, principal components."""

from __future__ import annotations

import math

import numpy as np

from keypoints.landmarks import Scheme
from keypoints.pictures.colours import LINES
from keypoints.plots import style
from keypoints.plots.style import Array, File, Names

FILTERS = (64, 16)  # filters and inputs of a layer that a picture can show


def heatmap_grid(path: File, maps: Array, names: Names) -> None:
    """All maps (K, h, w) of one face, each relative to its own maximum."""
    if len(maps) != len(names):
        raise ValueError("maps and names must be equally many")
    count, height, width = maps.shape
    columns = math.ceil(math.sqrt(count * height / width))
    rows = math.ceil(count / columns)
    gap = width / 5  # for the names; one sheet, for as many axes are slow
    line, side = height + round(gap), width + round(gap / 4)
    sheet = np.full((rows * line, columns * side), np.nan)
    with style.figure(path, columns, rows * line / side) as figure:
        at = figure.subplots()
        at.set_axis_off()
        for i, (values, name) in enumerate(zip(maps, names, strict=True)):
            y, x = i // columns * line + line - height, i % columns * side
            sheet[y : y + height, x : x + width] = values / (values.max() or 1)
            middle = x + width / 2 - 0.5
            at.text(middle, y - 0.5, name, fontsize=7, ha="center", va="bottom", parse_math=False)
        at.imshow(sheet, cmap="inferno", vmin=0, vmax=1, interpolation="nearest")


def filters(path: File, weights: Array, title: str) -> None:
    """The filters (out, in, kh, kw) of a layer on a grid; those of several inputs lie side by side.

    Of a wide layer, the first FILTERS[0] filters and their first FILTERS[1] inputs.
    """
    weights = np.asarray(weights)
    outs, ins = FILTERS
    if weights.shape[0] > outs or weights.shape[1] > ins:
        few = weights[:outs, :ins]
        title += f" ({len(few)} of {len(weights)}, inputs {few.shape[1]} of {weights.shape[1]})"
        weights = few
    count, inputs, kh, kw = weights.shape
    # One sheet with gaps of NaN, for hundreds of axes are slow; `narrow` between a filter's inputs.
    zoom, narrow, wide = 8, 2, 8
    columns = math.ceil(math.sqrt(count * kh / (inputs * kw)))
    rows = math.ceil(count / columns)
    step_x, step_y = inputs * (zoom * kw + narrow) - narrow + wide, zoom * kh + wide
    sheet = np.full((rows * step_y - wide, columns * step_x - wide), np.nan)
    for i in range(count):
        for j in range(inputs):
            y, x = i // columns * step_y, i % columns * step_x + j * (zoom * kw + narrow)
            sheet[y : y + zoom * kh, x : x + zoom * kw] = np.kron(weights[i, j], np.ones((zoom, zoom)))
    limit = float(np.abs(weights).max()) or 1.0
    with style.figure(path, 6, 5 * sheet.shape[0] / sheet.shape[1] + 0.4) as figure:
        at = figure.subplots()
        at.set_axis_off()
        drawn = at.imshow(sheet, cmap="RdBu_r", vmin=-limit, vmax=limit, interpolation="nearest")
        at.set_title(title)
        figure.colorbar(drawn, ax=at, label="weight", shrink=0.8)


def components(path: File, mean: Array, components: Array, scheme: Scheme) -> None:
    """The shapes `mean` (K, 2) plus and minus each component (C, K, 2), in the mean's unit.

    Scale the components to what should be seen, such as two standard deviations.
    """
    mean, components = np.asarray(mean), np.asarray(components)
    everything = np.concatenate([mean + components, mean - components])
    with style.grid(path, len(components), min(5, len(components)), style.CELL, style.CELL + 0.2) as (
        figure,
        axes,
    ):
        for i, (at, component) in enumerate(zip(axes, components, strict=True), 1):
            for sign, label, colour in (
                (0, "mean", "0.7"),
                (1, "plus", LINES[1]),
                (-1, "minus", LINES[0]),
            ):
                shape = mean + sign * component
                style.draw_outlines(at, shape, scheme, colour)
                at.plot(*shape.T, "o", color=colour, markersize=2, label=label)
            style.fit_axes(at, everything.reshape(-1, 2))
            at.set_title(f"component {i}")
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=3, markerscale=2)
