"""Learning curves, error curves, the error of every point, and which way outlines are wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from keypoints.datasets.tensors import EYES
from keypoints.evaluation import contours, metrics
from keypoints.landmarks import Scheme
from keypoints.pictures.colours import LINES
from keypoints.plots import style
from keypoints.plots.style import Array, File

if TYPE_CHECKING:
    import pandas as pd


def curves(path: File, history: pd.DataFrame, unit: str = EYES) -> None:
    """Both losses and the validation NME by epoch; `unit` names what it is measured by.

    `history` has the columns epoch, train_loss, val_loss and val_nme (%); others are not drawn.
    """
    from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

    history = history.replace([np.inf, -np.inf], np.nan)  # of a run that diverged, what can be drawn
    epoch, nme = history["epoch"].to_numpy(), history["val_nme"].to_numpy(dtype=float)
    marker = "o" if len(epoch) < 15 else ""  # a line of one epoch would not show
    with style.figure(path, 8, 3) as figure:
        left, right = figure.subplots(1, 2)
        for i, (column, label) in enumerate({"train_loss": "training", "val_loss": "validation"}.items()):
            look = {
                "color": LINES[i],
                "linestyle": style.DASHES[i],
                "marker": marker,
                "markersize": 3,
            }
            left.plot(epoch, history[column], label=label, **look)
        losses = history[["train_loss", "val_loss"]]
        if (losses > 0).any(axis=None) and not (losses < 0).any(axis=None):  # as a likelihood's may be
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
        right.set(title=f"validation NME, % of {unit}", xlabel="epoch")
        for at in (left, right):
            at.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))


def cumulative(path: File, curves: Mapping[str, Array], unit: str = EYES) -> None:
    """The share of faces below an error, for each name -> NME (N,) in % of `unit`; the AUC in the legend."""
    with style.figure(path, 4.6, 3.6) as figure:
        at = figure.subplots()
        for i, (name, errors) in enumerate(curves.items()):
            error, share = metrics.cumulative(errors).T
            label = f"{name}, AUC {metrics.auc(errors):.3f}"
            look = {
                "color": LINES[i % len(LINES)],
                "linestyle": style.DASHES[i % len(style.DASHES)],
            }
            at.plot(error, 100 * share, label=label, clip_on=False, **look)
        at.set(xlim=(0, metrics.LIMIT), ylim=(0, 100), xlabel=f"NME, % of {unit}")
        at.set_ylabel("faces with no more than that, %")
        figure.legend(loc="outside upper center", ncols=min(len(curves), 2))


def point_error(path: File, mean_face: Array, errors: Array, scheme: Scheme, unit: str) -> None:
    """The mean error (K,) of each point as a disc on the mean face (K, 2); `unit` names the errors.

    An error that is NaN, of a point that no face has, is not drawn.
    """
    errors = np.asarray(errors)
    top = float(np.nanmax(errors)) or 1.0
    with style.figure(path, 5.2, 4.4) as figure:
        at = figure.subplots()
        style.draw_outlines(at, mean_face, scheme, "0.6", zorder=1)
        look = {"edgecolors": "0.25", "linewidths": 0.5, "zorder": 2}
        colours = {"c": errors, "cmap": "viridis_r", "vmin": 0, "vmax": top}
        discs = at.scatter(*np.transpose(mean_face), s=15 + 185 * errors / top, **colours, **look)
        figure.colorbar(discs, ax=at, label=f"mean error, {unit}", shrink=0.8)
        style.fit_axes(at, mean_face)


def directions(path: File, found: Mapping[str, Mapping[str, float]], unit: str = EYES) -> None:
    """Two bars per region of `contours.measure`: the mean error along its outlines and across them."""
    middles = np.arange(len(found))
    with style.figure(path, 4.6, 0.9 + 0.5 * len(found)) as figure:
        at = figure.subplots()
        for i, part in enumerate(contours.PARTS):
            means = [row[part] for row in found.values()]
            bars = at.barh(middles + 0.38 * (i - 0.5), means, height=0.36, color=LINES[i], label=part)
            at.bar_label(bars, fmt="%.2f", padding=2)
        at.set_yticks(middles, [region or "all outlines" for region in found], parse_math=False)
        at.grid(visible=False, axis="y")
        at.set_axisbelow(True)
        at.invert_yaxis()
        at.margins(x=0.1)
        at.set_xlabel(f"mean error, % of {unit}")
        figure.legend(loc="outside upper center", ncols=len(contours.PARTS))
