"""Faces with their points, predictions and heat maps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from keypoints.crops import Region
from keypoints.landmarks import Scheme
from keypoints.pictures.colours import FOUND, PREDICTED
from keypoints.plots import style
from keypoints.plots.style import CELL, Array, File, Images, Names

LONGEST = 8.0  # inches of a photograph's longer side


def samples(
    path: File, images: Images, points: Sequence[Array], scheme: Scheme, titles: Names = (), columns: int = 4
) -> None:
    """Crops or canvases with their points (K, 2), row by row.

    To show what augmentation does, give `columns` raw crops first and their variants after them.
    """
    titles = list(titles) or [""] * len(images)
    columns = min(columns, len(images))
    with style.grid(path, len(images), columns, CELL, CELL * style.max_aspect(images) + 0.2) as (
        figure,
        axes,
    ):
        for at, image, xy, title in zip(axes, images, points, titles, strict=True):
            style.draw_face(at, image, scheme, truth=xy)
            at.set_title(title)
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center")


def predictions(
    path: File,
    images: Images,
    truth: Array,
    predicted: Array,
    errors: Array,
    groups: Names,
    scheme: Scheme,
    unit: str = "%",
) -> None:
    """The two best and the two worst of N faces by `errors` (N,), truth (N, K, 2) against prediction.

    No two of them are of one of the `groups` (N,), photographs or people, unless there are too few.
    """
    errors = np.asarray(errors)
    if not len(images) == len(truth) == len(predicted) == len(errors) == len(groups):
        raise ValueError("images, true and predicted points, errors and groups must be equally many")
    chosen = choose_extremes(errors, groups)
    tall = style.max_aspect([images[i] for _, i in chosen])
    with style.grid(path, len(chosen), len(chosen), 1.3 * CELL, 1.3 * CELL * tall + 0.2) as (
        figure,
        axes,
    ):
        for at, (rank, i) in zip(axes, chosen, strict=True):
            style.draw_face(at, images[i], scheme, truth[i], predicted[i])
            at.set_title(f"{rank}: {errors[i]:.2f} {unit}")
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)


def choose_extremes(errors: Array, groups: Names) -> list[tuple[str, int]]:
    """The two best and the two worst, each (rank, index), of different groups where there are enough."""
    order = np.argsort(errors, kind="stable").tolist()
    firsts = {group: i for i in reversed(order) for group in [groups[i]]}  # each group's best
    lasts = {group: i for i in order for group in [groups[i]]}  # and its worst
    best = [i for i in order if firsts[groups[i]] == i][:2]
    taken = {groups[i] for i in best}
    worst = [i for i in order if lasts[groups[i]] == i and groups[i] not in taken][-2:]
    if len(best) + len(worst) < min(4, len(order)):
        best, worst = order[:2], order[2:][-2:]
    return [("best", i) for i in best] + [("worst", i) for i in worst]


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
        raise ValueError("maps, points and names must be equally many")
    show = list(show) or np.linspace(0, len(maps) - 1, min(7, len(maps))).round().astype(int).tolist()
    glow = colormaps["inferno"](np.linspace(0.25, 1, 256))
    glow[:, 3] = np.linspace(0, 1, 256) ** 0.6  # the crop shows where a map is low
    height, width = image.shape[:2]
    # A map's cells tile the crop: edges on edges, whatever its resolution.
    extent = (-0.5, width - 0.5, height - 0.5, -0.5)
    cells = [(names[k], maps[k], points[[k]]) for k in show] + [("sum of all", sum(maps), points)]
    with style.grid(path, len(cells), min(4, len(cells)), CELL, CELL * style.max_aspect([image]) + 0.2) as (
        _,
        axes,
    ):
        for at, (name, values, xy) in zip(axes, cells, strict=True):
            style.draw_image(at, image)
            scale = {"cmap": ListedColormap(glow), "vmin": 0, "vmax": values.max() or 1}
            at.imshow(values, extent=extent, interpolation="bilinear", **scale)
            if len(xy) == 1:
                at.plot(*xy.T, "+", color=FOUND, markersize=9, markeredgewidth=1.2)
            at.set_title(name, parse_math=False)


def snapshots(path: File, image: Array, maps: Array, points: Array, titles: Names, scheme: Scheme) -> None:
    """One face (H, W, 1 or 3) at E moments of a training: one map above, all predicted points below.

    maps: (E, h, w), each drawn relative to its maximum, or (E, 0, 0) for a net without maps
    points: (E, K, 2), pixels of the face
    """
    count = len(points)
    cells = [*maps, *points] if maps.size else list(points)
    with style.grid(path, len(cells), count, CELL, CELL * style.max_aspect([image]) + 0.2) as (
        _,
        axes,
    ):
        for i, (at, cell) in enumerate(zip(axes, cells, strict=True)):
            if maps.size and i < count:
                at.imshow(cell, cmap="inferno", vmin=0, vmax=cell.max() or 1, interpolation="nearest")
                at.set_aspect(cell.shape[1] / cell.shape[0] * image.shape[0] / image.shape[1])
            else:
                style.draw_image(at, image)
                style.draw_outlines(at, cell, scheme, PREDICTED)
                at.plot(*cell.T, "o", color=PREDICTED, markersize=3)
            at.set_title(titles[i % count])


def photograph(
    path: File,
    image: Array,
    boxes: Sequence[Region],
    points: Sequence[Array],
    scheme: Scheme,
    caption: str = "",
) -> None:
    """A whole picture (H, W, 3) and its faces, each a box (left, top, width, height) and points (K, 2).

    All in pixels of the picture; with no face, the picture alone. The caption is above it.
    """
    height, width = image.shape[:2]
    inch = LONGEST / max(height, width)  # of a pixel
    shrunk = Image.fromarray(image)
    shrunk.thumbnail((1600, 1600), Image.Resampling.BILINEAR)  # matplotlib would take gigabytes
    with style.grid(path, 1, 1, width * inch, height * inch) as (_, (axes,)):
        axes.imshow(shrunk, extent=(-0.5, width - 0.5, height - 0.5, -0.5))
        for (left, top, across, down), xy in zip(boxes, points, strict=True):
            corners = np.array([(0, 0), (across, 0), (across, down), (0, down), (0, 0)])
            axes.plot(*(corners + (left - 0.5, top - 0.5)).T, color=FOUND, linewidth=1)
            style.draw_outlines(axes, xy, scheme, PREDICTED)
            side = max(across, down) * inch * 72  # typographic points: small faces have small marks
            few = 3 if len(xy) <= 10 else 1
            axes.plot(*xy.T, "o", color=PREDICTED, markersize=few * min(3.0, side / 40))
        axes.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5), title=caption)
