"""Draw a part's pictures: samples, curves, predictions, errors, heat maps, filters, components, snapshots.

python -m stages.render nose --data data/tensors/nose.npz --weights models/nose.pt
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from keypoints import codecs, errors, files, params, plots, tensors, tracking, weights
from keypoints.augment import Augmenter
from keypoints.landmarks import Scheme

SHOWN = 4  # faces on a row of samples


def main(name: str, data: Path, model: Path) -> None:
    settings = params.load()
    part = settings.part(name)
    torch.set_num_threads(settings.threads)
    trained = weights.load(model, part)
    faces = tensors.load(data)
    held_out = faces.held_out()
    with np.load(f"data/predictions/{name}.npz", allow_pickle=False) as arrays:
        found = {key: arrays[key] for key in arrays.files}
    out = Path(f"plots/{name}")

    samples(out / "samples.png", faces.only("train"), trained, part, settings.seed)
    plots.curves(out / "curves.png", pd.read_csv(f"metrics/history/{name}.csv"))
    crops = held_out.crops()
    plots.predictions(
        out / "predictions.png", crops, held_out.points, found["points"], found["nme"], trained.scheme
    )
    plots.cumulative(
        out / "cumulative.png", {part.recipe: found["nme"], "mean shape": found["mean_shape_nme"]}
    )
    if trained.scheme.points > 1:
        per_point = found["point_nme"].mean(axis=0)
        plots.point_error(out / "point_error.png", trained.mean_shape, per_point, trained.scheme, "%")
    of_net(out, name, trained)
    best = int(np.argmin(found["nme"]))
    maps = trained.maps(crops[best : best + 1])
    if maps is not None:
        plots.heatmaps(
            out / "heatmaps.png", crops[best], maps[0], found["points"][best], trained.scheme.names()
        )
        plots.heatmap_grid(out / "maps.png", maps[0], trained.scheme.names())

    with np.load(f"models/{name}-snapshots.npz", allow_pickle=False) as shots:
        seen = faces.only("val") if "val" in faces.split else faces.only("train")
        of_training(out / "snapshots.png", shots, seen.crops()[0], trained.scheme)

    run = tracking.finished_run(files.sha256(model))
    run.metrics(json.loads(Path(f"metrics/{name}.json").read_text()))
    run.files(out)


def of_net(out: Path, name: str, trained: weights.Trained) -> None:
    """What was learnt, without a face: filters, a picture a layer, and principal components."""
    for i, layer in enumerate(trained.filters(), 1):
        file = out / ("filters.png" if i == 1 else f"filters_{i}.png")
        plots.filters(file, layer, f"{name}: filters of {'the first layer' if i == 1 else f'layer {i}'}")
    if isinstance(trained.codec, codecs.Pca):
        mean, shapes = trained.codec.shapes()
        plots.components(out / "components.png", mean, 2 * shapes, trained.scheme)


def of_training(path: Path, shots: Mapping[str, np.ndarray], face: np.ndarray, scheme: Scheme) -> None:
    """The answers for one validation face that training kept, where it was asked to."""
    if len(shots["epoch"]):
        titles = [f"epoch {epoch}" for epoch in shots["epoch"]]
        plots.snapshots(path, face, shots["map"], shots["points"], titles, scheme)


def samples(path: Path, faces: tensors.Faces, trained: weights.Trained, part: params.Part, seed: int) -> None:
    """A row of training crops as they are, and below the same ones as training sees them."""
    shown = faces.take(np.random.default_rng(seed).permutation(len(faces))[:SHOWN])
    augmenter = Augmenter(part.augment, trained.scheme, faces.size, faces.margin)
    changed = [
        augmenter(*face, seed + i) for i, face in enumerate(zip(shown.images, shown.points, strict=True))
    ]
    plots.samples(
        path,
        [*shown.crops(), *(image for image, _ in changed)],
        [*shown.points, *(points for _, points in changed)],
        trained.scheme,
        titles=[*["as it is"] * len(shown), *["augmented"] * len(shown)],
        columns=SHOWN,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part")
    parser.add_argument("--data", type=Path, required=True, help="tensors of the part")
    parser.add_argument("--weights", type=Path, required=True)
    args = parser.parse_args()
    errors.run(main, args.part, args.data, args.weights)
