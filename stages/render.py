"""Draw a part's pictures: samples, curves, predictions, errors, heat maps, filters, components, snapshots.

python -m stages.render nose --data data/tensors/nose.npz --weights models/nose.pt … --out plots/nose
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from keypoints import errors, files, plots, tracking
from keypoints.datasets import tensors
from keypoints.errors import UserError
from keypoints.evaluation import contours
from keypoints.evaluation.part import PREDICTIONS
from keypoints.landmarks import average
from keypoints.models.trained import Trained
from keypoints.plots.part import draw_net, draw_samples, draw_snapshots
from keypoints.settings import params
from keypoints.training import snapshots


def main(args: argparse.Namespace) -> None:
    settings = params.load()
    part = settings.part(args.part)
    torch.set_num_threads(settings.threads_of(args.part))
    trained = Trained.load(args.weights, part)
    faces = tensors.load(args.data)
    held_out = faces.held_out()
    found = read_predictions(args.predictions, len(held_out))
    figures, history = read_figures(args.metrics), read_history(args.history)
    with tracking.measured_run(args.part, settings, args.data, faces, args.weights, history) as run:
        run.figures(figures)
        draw(args, settings, trained, faces, found, history)
        run.pictures(args.out)


def draw(
    args: argparse.Namespace,
    settings: params.Params,
    trained: Trained,
    faces: tensors.Faces,
    found: dict[str, np.ndarray],
    history: pd.DataFrame,
) -> None:
    """All pictures of the part; `found` are the predictions for the held-out faces."""
    part, held_out = settings.part(args.part), faces.held_out()
    out, scheme, crops = args.out, trained.scheme, held_out.crops()

    draw_samples(out / "samples.png", faces.only("train"), trained, part, settings.seed)
    plots.curves(out / "curves.png", history, faces.unit)
    plots.predictions(
        out / "predictions.png",
        crops,
        held_out.points,
        found["points"],
        found["nme"],
        held_out.group.tolist(),
        scheme,
    )
    errors_of = {part.recipe: found["nme"], "mean shape": found["mean_shape_nme"]}
    plots.cumulative(out / "cumulative.png", errors_of, faces.unit)
    if scheme.points > 1:
        per_point = average(found["point_nme"], axis=0)
        plots.point_error(out / "point_error.png", trained.mean_shape, per_point, scheme, "%")
    truth, predicted = held_out.in_image(held_out.points), held_out.in_image(found["points"])
    if along_and_across := contours.measure(scheme, truth, predicted, held_out.eye_distance):
        plots.directions(out / "directions.png", along_and_across, faces.unit)
    draw_net(out, args.part, trained)
    best = int(np.argmin(found["nme"]))
    maps = trained.maps(crops[best : best + 1])
    if maps is not None:
        plots.heatmaps(out / "heatmaps.png", crops[best], maps[0], found["points"][best], scheme.names())
        plots.heatmap_grid(out / "maps.png", maps[0], scheme.names())
    seen = faces.only("val") if "val" in faces.split else faces.only("train")
    draw_snapshots(out / "snapshots.png", snapshots.load(args.snapshots), seen.crops()[0], scheme)


def read_predictions(path: Path, faces: int) -> dict[str, np.ndarray]:
    """What the evaluate stage wrote, for this number of faces. Raises `UserError`."""
    found = files.load_arrays(path, PREDICTIONS, missing=("nme", "mean_shape_nme", "point_nme"))
    if len(found["nme"]) != faces:
        raise UserError(f"{path} is of {len(found['nme'])} faces, not of these {faces}: run `dvc repro`")
    return found


def read_history(path: Path) -> pd.DataFrame:
    """What the train stage wrote: a row per epoch, with NaN if there were no validation faces.

    Raises `UserError`.
    """
    try:
        rows = pd.read_csv(path)
        figures = rows[["epoch", "train_loss", "val_loss", "val_nme"]].astype(float)
        if figures["epoch"].tolist() != list(range(1, len(rows) + 1)):
            raise ValueError("its epochs are not 1, 2, …")
    except (OSError, ValueError, LookupError) as error:
        raise UserError(f"{path} is no history of a training ({error}): run `dvc repro`") from None
    return rows


def read_figures(path: Path) -> dict[str, float]:
    """What the evaluate stage measured. Raises `UserError`."""
    try:
        return tracking.to_figures(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise UserError(f"{path} holds no figures ({type(error).__name__}): run `dvc repro`") from None


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=errors.summary(__doc__))
    parser.add_argument("part")
    parser.add_argument("--data", type=Path, required=True, help="tensors of the part")
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--snapshots", type=Path, required=True, help="of the training, npz")
    parser.add_argument("--history", type=Path, required=True, help="of the training, CSV")
    parser.add_argument("--predictions", type=Path, required=True, help="of the evaluate stage, npz")
    parser.add_argument("--metrics", type=Path, required=True, help="of the evaluate stage, for MLflow")
    parser.add_argument("--out", type=Path, required=True, help="the folder of the pictures")
    errors.run(main, parser.parse_args())
