"""Faces with any number of points, of a format for each, from the folder to pictures, weights and answers."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pytest

from keypoints import Predictor, compose, paths
from keypoints.datasets import tensors
from stages import download, evaluate, parse, preprocess, render, train
from tests.datasets.formats import layouts
from tests.datasets.formats.layouts import Drawn
from tests.layouts import image

SIDE, FACES = 96, 14
TINY = (
    "own.data.crop_size=[32,32]",
    "own.data.margin=4",
    "own.model.options.widths=[8,16]",
    "own.train.epochs=1",
    "own.train.batch=4",
    "threads=1",
)


def faces(points: int) -> list[Drawn]:
    """Each in a picture of its own."""
    rng = np.random.default_rng(points)
    shape = rng.integers(30, 70, (points, 2))
    return [
        Drawn(f"photos/{k}.png", tuple((int(x) + k, int(y)) for x, y in shape), (20, 20, 60, 60))
        for k in range(FACES)
    ]


@pytest.mark.parametrize("points, layout", [(21, "dlib"), (68, "pts"), (98, "WFLW")])
def test_any_number_of_points_goes_all_the_way(
    points: int, layout: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KEYPOINTS_TRACKING", "off")
    drawn = faces(points)
    pictures = {face.file: image((SIDE, SIDE), kind="PNG") for face in drawn}
    for name, data in (pictures | layouts.LAYOUTS[layout](drawn)).items():
        (Path("mine") / name).parent.mkdir(parents=True, exist_ok=True)
        (Path("mine") / name).write_bytes(data)
    compose.compose(["own=scratch", f"datasets.own.path={tmp_path}/mine", *TINY], Path("params.yaml"))
    archive, table, data = paths.archive("own"), paths.table("own"), paths.tensors("own")
    for folder in (archive, table, data):
        folder.parent.mkdir(parents=True, exist_ok=True)
    download.main("own", archive)
    parse.main("own", archive, table, paths.left_out("own"))
    preprocess.main("own", table, archive, data)
    assert tensors.load(data).points.shape == (FACES, points, 2)

    made = argparse.Namespace(
        part="own",
        data=data,
        weights=paths.weights("own"),
        history=paths.history("own"),
        snapshots=paths.snapshots("own"),
        metrics=paths.metrics("own"),
        figures=paths.figures("own"),
        subsets=paths.subsets("own"),
        cumulative=paths.cumulative("own"),
        predictions=paths.predictions("own"),
        learned=paths.learned("own"),
        out=paths.plots("own"),
    )
    train.main("own", data, made.weights, made.history, made.snapshots)
    evaluate.main(made)
    render.main(made)
    assert np.isfinite(json.loads(made.metrics.read_text())["nme"])
    assert {"predictions.png", "point_error.png"} <= {path.name for path in made.out.iterdir()}
    (face,) = Predictor(weights=made.weights)(pictures[drawn[0].file], boxes=[(20, 20, 60, 60)])
    assert face.points.shape == (points, 2) and len(set(face.names)) == points
