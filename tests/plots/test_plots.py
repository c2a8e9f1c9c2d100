"""The pictures: each is written, is the same twice, and shows things where they belong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from keypoints import files, plots
from keypoints.landmarks import IBUG, IMM, NOSE
from keypoints.paths import ROOT
from keypoints.pictures.colours import LINES

RNG = np.random.default_rng(0)
BLUE = np.tile(np.uint8([0, 0, 200]), (12, 24, 1))  # the only blue in a picture: finds its panel
GREY = RNG.integers(0, 256, (40, 30, 1), dtype=np.uint8)
PHOTO = RNG.integers(0, 256, (60, 90, 3), dtype=np.uint8)
FACES = RNG.uniform(5, 25, (6, IMM.points, 2))
MAPS = RNG.random((5, 6, 4))
FILTERS = RNG.normal(size=(7, 3, 5, 5))
GROUPS = list("abcdef")
NAMES = [*(f"point {k}" for k in range(4)), r"no formula: $\frac$"]
ALONG = {"along": 4.5, "across": 1.5, "along_share": 0.9}
HISTORY = pd.DataFrame(
    {"epoch": [1, 2], "train_loss": [0.2, 0.1], "val_loss": [0.3, 0.2], "val_nme": [9.0, 8.0], "lr": [1, 1]}
)

DRAWN = {
    "samples": lambda path: plots.samples(path, [GREY, BLUE], FACES[:2], IMM, ["raw", "augmented"]),
    "samples_array": lambda path: plots.samples(path, np.stack([GREY] * 6), FACES, IMM, columns=3),
    "predictions": lambda path: plots.predictions(
        path, [GREY] * 6, FACES, FACES + 1, np.arange(6), GROUPS, IMM
    ),
    "predictions_one": lambda path: plots.predictions(
        path, [GREY], FACES[:1], FACES[:1], [0.0], ["a"], IMM, "px"
    ),
    "curves": lambda path: plots.curves(path, HISTORY),
    "curves_one_epoch": lambda path: plots.curves(path, HISTORY[:1].assign(val_nme=np.nan, train_loss=0.0)),
    "curves_diverged": lambda path: plots.curves(path, HISTORY.assign(val_nme=[9, np.inf], val_loss=np.inf)),
    "cumulative": lambda path: plots.cumulative(
        path, {"ours": MAPS.ravel() * 9, "mean shape": FACES.ravel()}
    ),
    "point_error": lambda path: plots.point_error(path, FACES[0], np.arange(58.0), IMM, "px"),
    "point_error_none": lambda path: plots.point_error(path, np.ones((1, 2)), np.zeros(1), NOSE, "%"),
    "heatmaps": lambda path: plots.heatmaps(path, GREY, MAPS, FACES[0, :5], NAMES),
    "heatmap_grid": lambda path: plots.heatmap_grid(path, MAPS, NAMES),
    "directions": lambda path: plots.directions(path, {"": ALONG, NAMES[4]: ALONG}),
    "filters": lambda path: plots.filters(path, FILTERS[:, :1], "first layer"),
    "filters_rgb": lambda path: plots.filters(path, FILTERS, "first layer"),
    "filters_wide": lambda path: plots.filters(path, np.tile(FILTERS, (10, 6, 1, 1)), "a wide layer"),
    "snapshots": lambda path: plots.snapshots(path, GREY, MAPS[:2], FACES[:2], ["0", "1"], IMM),
    "snapshots_no_maps": lambda path: plots.snapshots(
        path, GREY, np.zeros((2, 0, 0)), FACES[:2], ["0", "1"], IMM
    ),
    "photograph": lambda path: plots.photograph(path, PHOTO, [(5, 6, 40, 30)], [FACES[0]], IMM),
    "photograph_large": lambda path: plots.photograph(path, PHOTO.repeat(40, 0).repeat(30, 1), [], [], NOSE),
    "components": lambda path: plots.components(path, FACES[0], FACES[1:4] - 15, IMM),
}


def pixels(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB")).astype(int)


def place(picture: np.ndarray, mask: np.ndarray) -> tuple[float, float]:
    """The middle of the pixels of a `mask` in the leftmost blue panel, as shares of its width and height."""
    blue = (picture[..., 2] > 120) & (picture[..., 0] < 90) & (picture[..., 1] < 90)
    columns = np.flatnonzero(blue.sum(axis=0) > 20)
    columns = columns[: np.argmax(np.diff(columns, append=10**6) > 3) + 1]
    rows = np.flatnonzero(blue[:, columns].sum(axis=1) > 20)
    panel = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    y, x = np.nonzero(panel)
    assert len(x)
    return (x.mean() + 0.5) / panel.shape[1], (y.mean() + 0.5) / panel.shape[0]


@pytest.mark.parametrize("name", DRAWN)
def test_same_picture_twice(name, tmp_path):
    before = dict(matplotlib.rcParams)
    first, second = tmp_path / "new folder" / "a.png", tmp_path / "b.png"
    DRAWN[name](first)
    DRAWN[name](second)
    assert first.read_bytes() == second.read_bytes()
    picture = pixels(first)
    assert picture.std() > 1 and picture[[0, -1]].min() == 255  # something is drawn, and not over the edge
    assert [file.name for file in first.parent.iterdir()] == ["a.png"]
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize("x, y", [(3, 2), (20, 2), (4.5, 9.25)])
def test_points_lie_on_their_pixels(tmp_path, x, y):
    """Truth and prediction apart, so that the colours tell which is which."""
    truth, predicted = np.array([[[x, y]]]), np.array([[[23 - x, 11 - y]]])
    plots.predictions(tmp_path / "p.png", [BLUE], truth, predicted, np.zeros(1), ["a"], NOSE)
    picture = pixels(tmp_path / "p.png")
    red, green = picture[..., 0] > 150, (picture[..., 1] > 150) & (picture[..., 0] < 80)
    # The centre of pixel 0 is half a pixel from the panel's edge; half a pixel here is 0.02 and 0.04.
    assert place(picture, green) == pytest.approx(((x + 0.5) / 24, (y + 0.5) / 12), abs=0.008)
    assert place(picture, red) == pytest.approx(((23.5 - x) / 24, (11.5 - y) / 12), abs=0.008)


@pytest.mark.parametrize("row, column", [(1, 1), (3, 6), (1, 6)])
def test_a_map_cell_covers_its_part_of_the_crop(tmp_path, row, column):
    maps = np.zeros((1, 5, 8))
    maps[0, row, column] = 0.01
    plots.heatmaps(tmp_path / "h.png", BLUE, maps, np.array([[-9.0, -9.0]]), ["the point"])
    picture = pixels(tmp_path / "h.png")
    expected = ((column + 0.5) / 8, (row + 0.5) / 5)
    assert place(picture, picture[..., 0] > 200) == pytest.approx(expected, abs=0.01)


def test_y_goes_down_on_the_mean_face(tmp_path):
    """The worst point has the largest y: its dark disc is at the bottom."""
    face = np.stack([np.linspace(0, 90, 68), np.zeros(68)], axis=1)
    face[8] = [45, 90]
    plots.point_error(tmp_path / "e.png", face, np.eye(68)[8], IBUG, "px")
    picture = pixels(tmp_path / "e.png")[:, :440]  # without the colour bar
    dark = (picture - [68, 1, 84] == 0).all(axis=-1)
    y, x = np.nonzero(dark)
    assert y.mean() > 0.8 * len(picture) and 0.3 * 440 < x.mean() < 0.7 * 440


def test_a_loss_below_zero_is_drawn_to_its_end(tmp_path):
    """A likelihood's may be; a logarithmic axis would end where it gets there."""
    epochs = np.arange(1, 41)
    ends = []
    for lowest in (1.0, -1.0):
        loss = np.linspace(3, lowest, 40)
        rows = pd.DataFrame({"epoch": epochs, "train_loss": loss, "val_loss": loss + 1, "val_nme": 5.0})
        plots.curves(tmp_path / "c.png", rows)
        picture = pixels(tmp_path / "c.png")
        colour = np.array(matplotlib.colors.to_rgb(LINES[0])) * 255
        line = (np.abs(picture[60:] - colour) < 8).all(axis=-1)  # below the legend
        ends.append(np.nonzero(line)[1].max())
    assert abs(ends[0] - ends[1]) < 25


def test_best_and_worst_are_chosen(tmp_path):
    """Only the four at the ends are looked at: the others' pictures may be anything."""
    images = [GREY, None, GREY, None, GREY, GREY]
    errors = np.array([9.0, 3.0, 1.0, 4.0, 8.0, 2.0])
    plots.predictions(tmp_path / "p.png", images, FACES, FACES, errors, GROUPS, IMM)
    with pytest.raises(AttributeError):
        plots.predictions(tmp_path / "q.png", images, FACES, FACES, -np.arange(6), GROUPS, IMM)


@pytest.mark.parametrize(
    "draw",
    [
        lambda path: plots.samples(path, [], [], IMM),
        lambda path: plots.samples(path, [GREY], FACES[:2], IMM),
        lambda path: plots.predictions(path, [GREY], FACES[:2], FACES[:2], np.zeros(2), ["a", "b"], IMM),
        lambda path: plots.predictions(path, [GREY] * 2, FACES[:2], FACES[:2], np.zeros(2), ["a"], IMM),
        lambda path: plots.curves(path, HISTORY.drop(columns="val_loss")),
        lambda path: plots.cumulative(path, {"ours": np.array([np.nan])}),
        lambda path: plots.heatmaps(path, GREY, MAPS, FACES[0, :4], NAMES),
        lambda path: plots.heatmap_grid(path, MAPS, NAMES[:2]),
    ],
)
def test_failure_leaves_the_former_picture(tmp_path, draw):
    path = tmp_path / "a.png"
    path.write_bytes(b"former")
    with pytest.raises((ValueError, KeyError)):
        draw(path)
    assert path.read_bytes() == b"former" and len(list(tmp_path.iterdir())) == 1


def test_failure_to_save_leaves_nothing(tmp_path, monkeypatch):
    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(files.os, "replace", full)
    with pytest.raises(OSError, match="no space"):
        plots.curves(tmp_path / "a.png", HISTORY)
    assert not list(tmp_path.iterdir())


def test_pyplot_is_not_touched(tmp_path):
    code = (
        "import sys; from keypoints import plots; assert 'matplotlib' not in sys.modules;"
        f"plots.cumulative({str(tmp_path / 'a.png')!r}, {{'ours': [1.0]}});"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
