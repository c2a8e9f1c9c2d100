"""Measure a trained part on its held-out faces, beside the predictor that always answers the mean shape.

python -m stages.evaluate nose --data data/tensors/nose.npz --weights models/nose.pt

prints the figures; with --metrics, --figures, --subsets and --cumulative it writes them too, and with
--predictions and --learned what the render stage draws.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch

from keypoints import errors, files
from keypoints.datasets import tensors
from keypoints.errors import UserError
from keypoints.evaluation.learned import Learned
from keypoints.evaluation.part import Evaluation
from keypoints.models.trained import Trained
from keypoints.settings import params


def main(args: argparse.Namespace) -> None:
    settings = params.load()
    part = settings.part(args.part)
    torch.set_num_threads(settings.threads_of(args.part))
    trained = Trained.load(args.weights, part)
    faces = tensors.load(args.data).held_out()
    if not len(faces):
        raise UserError(f"{args.data} holds no face of the splits test and val: see data.split")
    crops = faces.crops()
    evaluation = Evaluation(trained, faces, trained.points(crops, flip=part.evaluate.flip))
    figures = evaluation.figures
    if args.metrics:
        with files.whole(args.metrics) as path:
            path.write_text(json.dumps(evaluation.compared(), indent=2) + "\n")
    if args.figures:
        write_table(args.figures, ["figure", "value"], figures.items())
    if args.subsets:
        groups = evaluation.groups()
        write_table(args.subsets, list(groups[0]) if groups else [], (row.values() for row in groups))
    if args.cumulative:
        curve = evaluation.curve()
        write_table(args.cumulative, list(curve), zip(*curve.values(), strict=True))
    predictions = evaluation.predictions()
    if args.predictions:
        files.save_arrays(args.predictions, predictions)
    if args.learned:
        Learned.of(trained, args.weights, crops, predictions["nme"]).save(args.learned)
    print(
        f"{args.part}: NME {figures['nme']:.3f} % of {faces.unit} "
        f"(mean shape {figures['mean_shape_nme']:.2f} %), "
        f"MSE {figures['mse']:.3g} ({figures['mean_shape_mse']:.3g}), {figures['mae_px']:.2f} px, "
        f"{len(faces)} faces"
    )


def write_table(path: Path, header: list[str], rows: Iterable[Iterable[object]]) -> None:
    """A CSV with six digits of each number; an unknown one leaves its field empty."""
    files.write_csv(path, header, (map(shown, row) for row in rows))


def shown(value: object) -> object:
    if isinstance(value, float | np.floating):
        return "" if math.isnan(value) else f"{value:.6g}"
    return value


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=errors.summary(__doc__))
    parser.add_argument("part")
    parser.add_argument("--data", type=Path, required=True, help="tensors of the part")
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--metrics", type=Path, help="the figures that runs are compared by, JSON")
    parser.add_argument("--figures", type=Path, help="all figures of all faces, CSV")
    parser.add_argument("--subsets", type=Path, help="figures of each subset and region, CSV")
    parser.add_argument("--cumulative", type=Path, help="the curve of the errors, CSV")
    parser.add_argument("--predictions", type=Path, help="points and errors of each face, npz")
    parser.add_argument("--learned", type=Path, help="filters, components, and the best face's maps, npz")
    errors.run(main, parser.parse_args())
