"""What all pictures share: style, saving, grids, and a face with its points."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from keypoints import files
from keypoints.landmarks import Scheme
from keypoints.pictures.colours import PREDICTED, TRUTH

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

File = str | Path
Array = np.ndarray
Names = Sequence[str]
Images = Array | Sequence[Array]  # uint8, (height, width, 1 or 3), of any sizes

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
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 3)))  # beside LINES' colours
CELL = 2.2  # inches of a face on a grid


@contextmanager
def figure(path: File, width: float, height: float) -> Iterator[Figure]:
    """A figure of `width` x `height` inches; saved as `path` when the block ends without an error."""
    from matplotlib import style
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with style.context(["default", STYLE]):  # whatever the user's matplotlibrc says
        made = Figure(figsize=(width, height), layout="constrained")
        made.get_layout_engine().set(h_pad=0.07)  # or titles in the top row touch the edge
        FigureCanvasAgg(made)
        yield made
        with files.whole(path) as temporary:
            made.savefig(temporary, format="png", metadata={"Software": None})


@contextmanager
def grid(path: File, n: int, cols: int, width: float, height: float) -> Iterator[tuple[Figure, list[Axes]]]:
    """A figure with `n` bare axes of `width` x `height` inches, `cols` in a row."""
    if n == 0:
        raise ValueError(f"{path}: there is nothing to draw")
    rows = math.ceil(n / cols)
    with figure(path, cols * width, rows * height + 0.3) as sheet:
        axes = list(sheet.subplots(rows, cols, squeeze=False).flat)
        for at in axes:
            at.set_axis_off()
        yield sheet, axes[:n]


def max_aspect(images: Images) -> float:
    """The largest height over width."""
    return max((image.shape[0] / image.shape[1] for image in images), default=1.0)


def draw_image(axes: Axes, image: Array) -> None:
    """The image, grey or in colour, without room around it for points that lie outside."""
    axes.imshow(image, cmap="gray", vmin=0, vmax=255)
    height, width = image.shape[:2]
    axes.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))


def draw_face(axes: Axes, image: Array, scheme: Scheme, truth: Array, predicted: Array | None = None) -> None:
    """A crop with true points as circles, predicted ones as crosses; (K, 2), or several faces' together."""
    draw_image(axes, image)
    few = len(truth) <= 10  # then larger, and hollow to show what is marked
    size = 8.0 if few else 3.0
    disc = {"mfc": "none", "mew": 1.6} if few else {"mec": "black", "mew": 0.4}
    for shape in truth.reshape(-1, scheme.points, 2):
        draw_outlines(axes, shape, scheme, TRUTH)
    axes.plot(*truth.T, "o", color=TRUTH, markersize=size, label="truth", **disc)
    if predicted is not None:
        draw_outlines(axes, predicted, scheme, PREDICTED)
        axes.plot(*predicted.T, "x", color=PREDICTED, markersize=size + 0.5, mew=1.1, label="prediction")


def draw_outlines(axes: Axes, points: Array, scheme: Scheme, colour: str, zorder: float = 2) -> None:
    for run in scheme.outlines:
        axes.plot(*np.asarray(points)[list(run)].T, color=colour, linewidth=0.8, alpha=0.8, zorder=zorder)


def fit_axes(axes: Axes, points: Array) -> None:
    """Bare axes that hold all `points` (N, 2), y downwards, as high as wide."""
    low, high = np.min(points, axis=0), np.max(points, axis=0)
    half = 0.56 * float((high - low).max()) or 1.0
    x, y = (low + high) / 2
    axes.set(xlim=(x - half, x + half), ylim=(y + half, y - half), aspect="equal")
    axes.set_axis_off()
