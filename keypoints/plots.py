"""Pictures of faces, points, maps, weights and figures: each function writes one PNG.

Points are pixels of the picture they are drawn on, the centre of the first pixel at (0, 0), y
downwards. The same input gives the same bytes. Nothing global changes: no pyplot, and the style
holds only while a picture is drawn. A picture that fails leaves no file and the former one as it was.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from keypoints import metrics
from keypoints.landmarks import Scheme

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    File = str | Path
    Array = np.ndarray
    Names = Sequence[str]
    Images = Sequence[Array]  # uint8, (height, width, 1 or 3), of any sizes

STYLE = {
    "figure.dpi": 120,
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "0.4",
    "axes.grid": True,
    "grid.color": "0.9",
    "legend.frameon": False,
}
# Told apart by lightness and shape too, so that nobody needs the hue (after Okabe and Ito, 2008).
TRUTH, PREDICTED = "#00E0A0", "#FF4D1A"  # on photographs
LINES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#000000")  # on white
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 3)))
CELL = 2.2  # inches of a face on a grid
FILTERS = (64, 16)  # filters and inputs of a layer that a picture can show


def samples(
    path: File, images: Images, points: Sequence[Array], scheme: Scheme, titles: Names = (), columns: int = 4
) -> None:
    """Crops or canvases with their points (K, 2), row by row.

    To show what augmentation does, give `columns` raw crops first and their variants after them.
    """
    titles = list(titles) or [""] * len(images)
    columns = min(columns, len(images))
    with _grid(path, len(images), columns, CELL, CELL * _tallest(images) + 0.2) as (figure, axes):
        for at, image, xy, title in zip(axes, images, points, titles, strict=True):
            _face(at, image, scheme, truth=xy)
            at.set_title(title)
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center")


def predictions(
    path: File, images: Images, truth: Array, predicted: Array, errors: Array, scheme: Scheme, unit: str = "%"
) -> None:
    """The two best and the two worst of N faces by `errors` (N,), truth (N, K, 2) against prediction."""
    errors = np.asarray(errors)
    if not len(images) == len(truth) == len(predicted) == len(errors):
        raise ValueError("as many images, true and predicted points and errors are wanted")
    order = np.argsort(errors, kind="stable").tolist()
    chosen = [("best", i) for i in order[:2]] + [("worst", i) for i in order[2:][-2:]]
    tall = _tallest([images[i] for _, i in chosen])
    with _grid(path, len(chosen), len(chosen), 1.3 * CELL, 1.3 * CELL * tall + 0.2) as (figure, axes):
        for at, (rank, i) in zip(axes, chosen, strict=True):
            _face(at, images[i], scheme, truth[i], predicted[i])
            at.set_title(f"{rank}: {errors[i]:.2f} {unit}")
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)


def curves(path: File, history: pd.DataFrame) -> None:
    """Both losses and the validation NME by epoch.

    `history` has the columns epoch, train_loss, val_loss and val_nme (%); others are not drawn.
    """
    from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

    history = history.replace([np.inf, -np.inf], np.nan)  # of a run that diverged, what can be drawn
    epoch, nme = history["epoch"].to_numpy(), history["val_nme"].to_numpy(dtype=float)
    marker = "o" if len(epoch) < 15 else ""  # a line of one epoch would not show
    with _figure(path, 8, 3) as figure:
        left, right = figure.subplots(1, 2)
        for i, (column, label) in enumerate({"train_loss": "training", "val_loss": "validation"}.items()):
            style = {"color": LINES[i], "linestyle": DASHES[i], "marker": marker, "markersize": 3}
            left.plot(epoch, history[column], label=label, **style)
        if (history[["train_loss", "val_loss"]] > 0).any(axis=None):
            left.set_yscale("log", nonpositive="mask")
            left.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            left.yaxis.set_major_formatter("{x:g}")
            left.yaxis.set_minor_locator(NullLocator())
        left.set(title="loss", xlabel="epoch")
        left.legend()
        right.plot(epoch, nme, color=LINES[1], marker=marker, markersize=3)
        if np.isfinite(nme).any():
            best = int(np.nanargmin(nme))
            label = f"best: {nme[best]:.2f} % at epoch {epoch[best]}"
            right.plot(epoch[best], nme[best], "o", color=LINES[1], markersize=6, label=label)
            right.legend()
            right.set_ylim(0, 1.05 * np.nanmax(nme) or 1)
        right.set(title="validation NME, % of the eye distance", xlabel="epoch")
        for at in (left, right):
            at.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))


def cumulative(path: File, curves: Mapping[str, Array]) -> None:
    """The share of faces below an error, for each name -> NME (N,) in %; the AUC in the legend."""
    with _figure(path, 4.6, 3.6) as figure:
        at = figure.subplots()
        for i, (name, errors) in enumerate(curves.items()):
            error, share = metrics.cumulative(errors).T
            label = f"{name}, AUC {metrics.auc(errors):.3f}"
            style = {"color": LINES[i % len(LINES)], "linestyle": DASHES[i % len(DASHES)]}
            at.plot(error, 100 * share, label=label, clip_on=False, **style)
        at.set(xlim=(0, metrics.LIMIT), ylim=(0, 100), xlabel="NME, % of the eye distance")
        at.set_ylabel("faces with no more than that, %")
        figure.legend(loc="outside upper center", ncols=min(len(curves), 2))


def point_error(path: File, mean_face: Array, errors: Array, scheme: Scheme, unit: str) -> None:
    """The mean error (K,) of each point as a disc on the mean face (K, 2); `unit` names the errors."""
    errors = np.asarray(errors)
    top = float(errors.max()) or 1.0
    with _figure(path, 5.2, 4.4) as figure:
        at = figure.subplots()
        _outlines(at, mean_face, scheme, "0.6", zorder=1)
        style = {"edgecolors": "0.25", "linewidths": 0.5, "zorder": 2}
        colours = {"c": errors, "cmap": "viridis_r", "vmin": 0, "vmax": top}
        discs = at.scatter(*np.transpose(mean_face), s=15 + 185 * errors / top, **colours, **style)
        figure.colorbar(discs, ax=at, label=f"mean error, {unit}", shrink=0.8)
        _frame(at, mean_face)


def heatmaps(
    path: File, image: Array, maps: Array, points: Array, names: Names, show: Sequence[int] = ()
) -> None:
    """A few points' maps over the crop (H, W, 1 or 3), and the sum of all.

    maps:   (K, h, w), not negative, covering the whole crop; each is drawn relative to its maximum
    points: (K, 2) that were read from the maps, pixels of the crop
    names:  of the K points
    show:   which of them; by default up to seven, spread over the scheme
    """
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap

    if not len(maps) == len(points) == len(names):
        raise ValueError("as many maps, points and names are wanted")
    show = list(show) or np.linspace(0, len(maps) - 1, min(7, len(maps))).round().astype(int).tolist()
    glow = colormaps["inferno"](np.linspace(0.25, 1, 256))
    glow[:, 3] = np.linspace(0, 1, 256) ** 0.6  # the crop shows where a map is low
    height, width = image.shape[:2]
    # A map's cells tile the crop: edges on edges, whatever its resolution.
    extent = (-0.5, width - 0.5, height - 0.5, -0.5)
    cells = [(names[k], maps[k], points[[k]]) for k in show] + [("sum of all", sum(maps), points)]
    with _grid(path, len(cells), min(4, len(cells)), CELL, CELL * _tallest([image]) + 0.2) as (_, axes):
        for at, (name, values, xy) in zip(axes, cells, strict=True):
            _picture(at, image)
            scale = {"cmap": ListedColormap(glow), "vmin": 0, "vmax": values.max() or 1}
            at.imshow(values, extent=extent, interpolation="bilinear", **scale)
            if len(xy) == 1:
                at.plot(*xy.T, "+", color="#00E0FF", markersize=9, markeredgewidth=1.2)
            at.set_title(name)


def heatmap_grid(path: File, maps: Array, names: Names) -> None:
    """All maps (K, h, w) of one face, each relative to its own maximum."""
    if len(maps) != len(names):
        raise ValueError("as many maps and names are wanted")
    count, height, width = maps.shape
    columns = math.ceil(math.sqrt(count * height / width))
    rows = math.ceil(count / columns)
    gap = width / 5  # for the names; one sheet, for as many axes are slow
    line, side = height + round(gap), width + round(gap / 4)
    sheet = np.full((rows * line, columns * side), np.nan)
    with _figure(path, columns, rows * line / side) as figure:
        at = figure.subplots()
        at.set_axis_off()
        for i, (values, name) in enumerate(zip(maps, names, strict=True)):
            y, x = i // columns * line + line - height, i % columns * side
            sheet[y : y + height, x : x + width] = values / (values.max() or 1)
            at.text(x + width / 2 - 0.5, y - 0.5, name, fontsize=7, ha="center", va="bottom")
        at.imshow(sheet, cmap="inferno", vmin=0, vmax=1, interpolation="nearest")


def snapshots(path: File, image: Array, maps: Array, points: Array, titles: Names, scheme: Scheme) -> None:
    """One face (H, W, 1 or 3) at E moments of a training: one map above, all predicted points below.

    maps: (E, h, w), each drawn relative to its maximum, or (E, 0, 0) for a net without maps
    points: (E, K, 2), pixels of the face
    """
    count = len(points)
    cells = [*maps, *points] if maps.size else list(points)
    with _grid(path, len(cells), count, CELL, CELL * _tallest([image]) + 0.2) as (_, axes):
        for i, (at, cell) in enumerate(zip(axes, cells, strict=True)):
            if maps.size and i < count:
                at.imshow(cell, cmap="inferno", vmin=0, vmax=cell.max() or 1, interpolation="nearest")
                at.set_aspect(cell.shape[1] / cell.shape[0] * image.shape[0] / image.shape[1])
            else:
                _picture(at, image)
                _outlines(at, cell, scheme, PREDICTED)
                at.plot(*cell.T, "o", color=PREDICTED, markersize=3)
            at.set_title(titles[i % count])


def filters(path: File, weights: Array, title: str) -> None:
    """The filters (out, in, kh, kw) of a layer on a grid; those of several inputs lie side by side.

    Of a wide layer, the first FILTERS[0] filters and their first FILTERS[1] inputs.
    """
    weights = np.asarray(weights)
    outs, ins = FILTERS
    if weights.shape[0] > outs or weights.shape[1] > ins:
        shown = weights[:outs, :ins]
        title += f" ({len(shown)} of {len(weights)}, inputs {shown.shape[1]} of {weights.shape[1]})"
        weights = shown
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
    with _figure(path, 6, 5 * sheet.shape[0] / sheet.shape[1] + 0.4) as figure:
        at = figure.subplots()
        at.set_axis_off()
        shown = at.imshow(sheet, cmap="RdBu_r", vmin=-limit, vmax=limit, interpolation="nearest")
        at.set_title(title)
        figure.colorbar(shown, ax=at, label="weight", shrink=0.8)


def components(path: File, mean: Array, components: Array, scheme: Scheme) -> None:
    """The shapes `mean` (K, 2) plus and minus each component (C, K, 2), in the mean's unit.

    Scale the components to what should be seen, such as two standard deviations.
    """
    mean, components = np.asarray(mean), np.asarray(components)
    everything = np.concatenate([mean + components, mean - components])
    with _grid(path, len(components), min(5, len(components)), CELL, CELL + 0.2) as (figure, axes):
        for i, (at, component) in enumerate(zip(axes, components, strict=True), 1):
            for sign, label, colour in ((0, "mean", "0.7"), (1, "plus", LINES[1]), (-1, "minus", LINES[0])):
                shape = mean + sign * component
                _outlines(at, shape, scheme, colour)
                at.plot(*shape.T, "o", color=colour, markersize=2, label=label)
            _frame(at, everything.reshape(-1, 2))
            at.set_title(f"component {i}")
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=3, markerscale=2)


@contextmanager
def _figure(path: File, width: float, height: float) -> Iterator[Figure]:
    """A figure of `width` x `height` inches; saved as `path` when the block ends without an error."""
    from matplotlib import style
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with style.context(["default", STYLE]):  # whatever the user's matplotlibrc says
        figure = Figure(figsize=(width, height), layout="constrained")
        figure.get_layout_engine().set(h_pad=0.07)  # or titles in the top row touch the edge
        FigureCanvasAgg(figure)
        yield figure
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            figure.savefig(temporary, format="png", metadata={"Software": None})
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def _grid(path: File, n: int, cols: int, width: float, height: float) -> Iterator[tuple[Figure, list[Axes]]]:
    """A figure with `n` bare axes of `width` x `height` inches, `cols` a row."""
    if n == 0:
        raise ValueError(f"{path}: there is nothing to draw")
    rows = math.ceil(n / cols)
    with _figure(path, cols * width, rows * height + 0.3) as figure:
        axes = list(figure.subplots(rows, cols, squeeze=False).flat)
        for at in axes:
            at.set_axis_off()
        yield figure, axes[:n]


def _tallest(images: Images) -> float:
    """The largest height over width."""
    return max((image.shape[0] / image.shape[1] for image in images), default=1.0)


def _picture(axes: Axes, image: Array) -> None:
    """The image, grey or in colour, and no room round it for points that lie outside."""
    axes.imshow(image, cmap="gray", vmin=0, vmax=255)
    height, width = image.shape[:2]
    axes.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))


def _face(axes: Axes, image: Array, scheme: Scheme, truth: Array, predicted: Array | None = None) -> None:
    """A crop with true points as circles, predicted ones as crosses."""
    _picture(axes, image)
    few = len(truth) <= 10  # then larger, and hollow to show what is marked
    size = 8.0 if few else 3.0
    disc = {"mfc": "none", "mew": 1.6} if few else {"mec": "black", "mew": 0.4}
    _outlines(axes, truth, scheme, TRUTH)
    axes.plot(*truth.T, "o", color=TRUTH, markersize=size, label="truth", **disc)
    if predicted is not None:
        _outlines(axes, predicted, scheme, PREDICTED)
        axes.plot(*predicted.T, "x", color=PREDICTED, markersize=size + 0.5, mew=1.1, label="prediction")


def _outlines(axes: Axes, points: Array, scheme: Scheme, colour: str, zorder: float = 2) -> None:
    for run in scheme.outlines:
        axes.plot(*np.asarray(points)[list(run)].T, color=colour, linewidth=0.8, alpha=0.8, zorder=zorder)


def _frame(axes: Axes, points: Array) -> None:
    """Bare axes that hold all `points` (N, 2), y downwards, as high as wide."""
    low, high = np.min(points, axis=0), np.max(points, axis=0)
    half = 0.56 * float((high - low).max()) or 1.0
    x, y = (low + high) / 2
    axes.set(xlim=(x - half, x + half), ylim=(y + half, y - half), aspect="equal")
    axes.set_axis_off()
