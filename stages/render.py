"""Draw a part's pictures: samples, curves, predictions, errors, heat maps, filters, components, snapshots.

python -m stages.render nose --data data/tensors/nose.npz --weights models/nose.pt … --out plots/nose
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd

from keypoints import errors, plots, tracking
from keypoints.datasets import tensors
from keypoints.errors import UserError
from keypoints.evaluation import contours, predictions
from keypoints.evaluation.learned import Learned
from keypoints.landmarks import average
from keypoints.plots.part import draw_net, draw_samples, draw_snapshots
from keypoints.settings import params
from keypoints.training import snapshots


def main(args: argparse.Namespace) -> None:
    settings = params.load()
    faces = tensors.load(args.data)
    count, points = len(faces.held_out()), faces.points.shape[1]
    learned = Learned.load(args.learned, args.weights, count, points)
    found = predictions.load(args.predictions, count, points)
    figures, history = read_figures(args.metrics), read_history(args.history)
    with tracking.measured_run(args.part, settings, args.data, faces, args.weights, history) as run:
        run.figures(figures)
        draw(args, settings, faces, learned, found, history)
        run.pictures(args.out)


def draw(
    args: argparse.Namespace,
    settings: params.Params,
    faces: tensors.Faces,
    learned: Learned,
    found: dict[str, np.ndarray],
    history: pd.DataFrame,
) -> None:
    """All pictures of the part; `found` are the predictions for the held-out faces."""
    part, held_out = settings.part(args.part), faces.held_out()
    out, scheme, crops = args.out, part.data.scheme(faces.scheme), held_out.crops()

    train = faces.only("train")
    kept = snapshots.load(args.snapshots, train)
    draw_samples(out / "samples.png", train.crops(), train.points, kept, scheme)
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
        plots.point_error(out / "point_error.png", learned.mean_shape, per_point, scheme, "%")
    truth, predicted = held_out.in_image(held_out.points), held_out.in_image(found["points"])
    if along_and_across := contours.measure(scheme, truth, predicted, held_out.eye_distance):
        plots.directions(out / "directions.png", along_and_across, faces.unit)
    draw_net(out, args.part, learned, scheme)
    if len(learned.maps):
        best, names = learned.face, scheme.names()
        plots.heatmaps(out / "heatmaps.png", crops[best], learned.maps, found["points"][best], names)
        plots.heatmap_grid(out / "maps.png", learned.maps, names)
    seen = faces.only("val") if "val" in faces.split else faces.only("train")
    draw_snapshots(out / "snapshots.png", kept, seen.crops()[0], scheme)


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
    parser.add_argument("--weights", type=Path, required=True, help="for MLflow")
    parser.add_argument("--snapshots", type=Path, required=True, help="of the training, npz")
    parser.add_argument("--history", type=Path, required=True, help="of the training, CSV")
    parser.add_argument("--predictions", type=Path, required=True, help="of the evaluate stage, npz")
    parser.add_argument("--learned", type=Path, required=True, help="of the evaluate stage, npz")
    parser.add_argument("--metrics", type=Path, required=True, help="of the evaluate stage, for MLflow")
    parser.add_argument("--out", type=Path, required=True, help="the folder of the pictures")
    errors.run(main, parser.parse_args())
