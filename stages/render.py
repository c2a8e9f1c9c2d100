"""Draw a part's pictures: samples, curves, predictions, errors, heat maps, filters, components, snapshots.

python -m stages.render nose --data data/tensors/nose.npz --weights models/nose.pt
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from keypoints import errors, files, gallery, params, plots, tensors, tracking, weights
from keypoints.errors import UserError


def main(name: str, data: Path, model: Path) -> None:
    settings = params.load()
    part = settings.part(name)
    torch.set_num_threads(settings.threads)
    trained = weights.load(model, part)
    faces = tensors.load(data)
    held_out = faces.held_out()
    found = predictions(Path(f"data/predictions/{name}.npz"), len(held_out))
    out = Path(f"plots/{name}")

    gallery.of_loader(out / "samples.png", faces.only("train"), trained, part, settings.seed)
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
    gallery.of_net(out, name, trained)
    best = int(np.argmin(found["nme"]))
    maps = trained.maps(crops[best : best + 1])
    if maps is not None:
        plots.heatmaps(
            out / "heatmaps.png", crops[best], maps[0], found["points"][best], trained.scheme.names()
        )
        plots.heatmap_grid(out / "maps.png", maps[0], trained.scheme.names())

    with np.load(f"models/{name}-snapshots.npz", allow_pickle=False) as shots:
        seen = faces.only("val") if "val" in faces.split else faces.only("train")
        gallery.of_training(out / "snapshots.png", shots, seen.crops()[0], trained.scheme)

    run = tracking.finished_run(files.sha256(model))
    run.metrics(json.loads(Path(f"metrics/{name}.json").read_text()))
    run.files(out)


def predictions(path: Path, faces: int) -> dict[str, np.ndarray]:
    """What the evaluate stage wrote for these many faces. Raises `UserError`."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            found = {key: arrays[key] for key in arrays.files}
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read ({type(error).__name__}): run `dvc repro`") from None
    if len(found["nme"]) != faces:
        raise UserError(f"{path} is of {len(found['nme'])} faces, not of these {faces}: run `dvc repro`")
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part")
    parser.add_argument("--data", type=Path, required=True, help="tensors of the part")
    parser.add_argument("--weights", type=Path, required=True)
    args = parser.parse_args()
    errors.run(main, args.part, args.data, args.weights)
