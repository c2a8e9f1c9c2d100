"""Measure a trained part on its held-out faces, beside the predictor that says the mean shape.

python -m stages.evaluate nose --data data/tensors/nose.npz --weights models/nose.pt
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from keypoints import diagnosis, errors, files, metrics, params, tensors, weights
from keypoints.errors import UserError


def main(name: str, data: Path, model: Path) -> None:
    settings = params.load()
    part = settings.part(name)
    torch.set_num_threads(settings.threads)
    trained = weights.load(model, part)
    faces = tensors.load(data).held_out()
    if not len(faces):
        raise UserError(f"{data} holds no face of the splits test and val: see data.split")
    found = trained.points(faces.crops(), flip=part.evaluate.flip)
    mean = np.broadcast_to(trained.mean_shape, found.shape)

    truth, predicted, guessed = (faces.in_image(points) for points in (faces.points, found, mean))
    units = faces.image_size, faces.eye_distance
    figures = metrics.summary(truth, predicted, *units)
    baseline = metrics.summary(truth, guessed, *units)
    figures["correct"] = metrics.correct(truth, predicted, faces.image_size)
    figures |= diagnosis.following(faces.points, found)
    kept = faces.in_image(diagnosis.roundtrip(trained.codec, faces.points))
    figures["codec_nme"] = round(float(metrics.nme(truth, kept, faces.eye_distance).mean()), 4)
    outside = diagnosis.outside(faces.points, faces.size)
    figures["outside"] = float(outside.mean())
    figures |= {f"mean_shape_{key}": value for key, value in baseline.items() if key != "faces"}
    if "explained" in trained.codec.state():
        figures["pca_explained"] = float(trained.codec.state()["explained"])  # of the training shapes

    def by_set(points: np.ndarray) -> list[dict]:
        groups = metrics.by_group(faces.subset, truth, points, *units)
        return groups + metrics.by_region(trained.scheme, truth, points, *units)

    shares = diagnosis.shares(outside, faces.subset, trained.scheme)
    details = [
        row | {"codec_nme": round(lost["nme"], 4), "outside": share}
        for row, lost, share in zip(by_set(predicted), by_set(kept), shares, strict=True)
    ]

    nme = metrics.nme(truth, predicted, faces.eye_distance)
    curve = metrics.cumulative(nme)
    base = metrics.cumulative(metrics.nme(truth, guessed, faces.eye_distance))
    table = pd.DataFrame({"nme": curve[:, 0], "share": curve[:, 1], "mean_shape_share": base[:, 1]})

    rounded = {key: float(f"{value:.6g}") if key != "faces" else value for key, value in figures.items()}
    with files.whole(f"metrics/{name}.json") as path:
        path.write_text(json.dumps(rounded, indent=2) + "\n")
    write_csv(pd.DataFrame(details), Path(f"metrics/subsets/{name}.csv"))
    write_csv(table, Path(f"metrics/cumulative/{name}.csv"))
    kept_by_face = {
        "points": found.astype(np.float32),
        "nme": nme.astype(np.float32),
        "mean_shape_nme": metrics.nme(truth, guessed, faces.eye_distance).astype(np.float32),
        "point_nme": 100 * metrics.point_errors(truth, predicted) / faces.eye_distance[:, None],
    }
    files.save_arrays(f"data/predictions/{name}.npz", kept_by_face)
    print(
        f"{name}: NME {figures['nme']:.3f} % (mean shape {baseline['nme']:.2f} %), "
        f"MSE {figures['mse']:.3g} ({baseline['mse']:.3g}), {figures['mae_px']:.2f} px, {len(faces)} faces"
    )


def write_csv(table: pd.DataFrame, path: Path) -> None:
    with files.whole(path) as part:
        table.to_csv(part, index=False, float_format="%.6g", lineterminator="\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part")
    parser.add_argument("--data", type=Path, required=True, help="tensors of the part")
    parser.add_argument("--weights", type=Path, required=True)
    args = parser.parse_args()
    errors.run(main, args.part, args.data, args.weights)
