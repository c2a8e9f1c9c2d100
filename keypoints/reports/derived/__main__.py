"""What follows from a face's points, measured: `make derived`, on the real data after `make real`.

The mean head (`HALF` in predict/faces/pose.py) out of the points of training faces; the curve of confidence
(`confidence.py` beside it) out of the shipped net's answers for validation faces; then, on helen/testset, how
well confidence tells the error. Writes results/derived.md; the constants are put into the code by hand, and a
test compares them.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from keypoints import errors, files, paths
from keypoints.datasets import face_table
from keypoints.datasets.scenes import Photo
from keypoints.errors import UserError
from keypoints.landmarks import IBUG
from keypoints.predict.faces import confidence
from keypoints.predict.faces.pose import HALF, STABLE, estimate
from keypoints.predict.predictor import Predictor
from keypoints.reports import logistic, markdown
from keypoints.reports.box_study import photographs
from keypoints.reports.derived import mean_head
from keypoints.synthetic import head as drawn
from keypoints.synthetic import wild

OUT = Path("results/derived.md")
YAWS = ((0, 15), (15, 30), (30, 45), (45, 60))
DRAWN, SEED = 1000, 0  # faces for each of them
BINS = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 1.0)


def main() -> None:
    ibug, _ = face_table.load(paths.table("ibug"))
    train, val = (ibug[ibug["split_strict"] == split] for split in ("train", "val"))
    test = ibug[(ibug["subset"] == "helen/testset") & (ibug["split_strict"] == "test")]
    if min(map(len, (train, val, test))) < 100:
        raise UserError(f"{paths.table('ibug')} is not the real data's: run `make real`")
    marked = np.stack([np.reshape(points, (-1, 2)) for points in train["points"]])
    lines = ["# Pose and confidence", "", "Written by `make derived` (keypoints/reports/derived).", ""]
    lines += ["## The mean head", "", f"Out of the points of {len(train)} training faces of iBUG.", ""]
    lines += [*describe_head(marked), "", "## Pose of drawn faces", "", *measure_pose()]
    predictor = Predictor()
    (apart, error), (test_apart, test_error) = (
        look(predictor, list(photographs.read(paths.archive("ibug"), table))) for table in (val, test)
    )
    lines += ["", "## Confidence", "", f"Fitted to {len(val)} validation faces.", ""]
    lines += describe_curve(fit_curve(apart, error < confidence.NEAR))
    chance = confidence.of_points(test_apart)
    lines += ["", f"Tried on helen/testset, {len(test)} faces.", ""]
    lines += correlate_confidence(chance, test_apart, test_error)
    lines += ["", *compare_confidence(chance, test_error)]
    with files.whole(OUT) as path:
        path.write_text("\n".join(lines) + "\n")
    print(f"{OUT} is written")


def describe_head(marked: np.ndarray) -> list[str]:
    """A table of the head that `mean_head.factor` finds."""
    found = mean_head.factor(marked)
    rows = [[str(k), *(f"{value:z.3f}" for value in found[STABLE.index(k)])] for k in HALF]
    return markdown.table(["point", "to the right", "down", "towards us"], rows)


def measure_pose() -> list[str]:
    """How far the poses of drawn faces are from the truth, by the points that they are drawn with."""
    rng, rows = np.random.default_rng(SEED), []
    for low, high in YAWS:
        errors = []
        for _ in range(DRAWN):
            yaw = wild.between(rng, low, high) * (1 if rng.random() < 0.5 else -1)
            truth = yaw, wild.between(rng, -15, 15), wild.between(rng, -40, 40)
            shown = drawn.Pose(0, 0, 1, *truth)
            pose = estimate(drawn.Head(drawn.Person.random(rng), wild.expression(rng), shown).ibug)
            assert pose is not None
            errors.append(np.abs(np.subtract((pose.yaw, pose.pitch, pose.roll), truth)))
        means, most = np.mean(errors, axis=0), np.percentile(errors, 95, axis=0)
        rows.append([f"{low} to {high}°", *(f"{m:.1f} ({p:.1f})" for m, p in zip(means, most, strict=True))])
    text = f"{DRAWN} people, with any expression, per row. Mean error in degrees, and what 95 % are below."
    return [text, "", *markdown.table(["yaw", "yaw", "pitch", "roll"], rows)]


def look(predictor: Predictor, photos: Sequence[Photo]) -> tuple[np.ndarray, np.ndarray]:
    """How far each point's two answers lie apart, and its error: (N, 68), % of the eyes' distance."""
    apart, error = [], []
    for photo in tqdm(photos, disable=None):
        found, far = predictor.look_closely([photographs.place(photo)])
        apart.append(far[0])
        miss = np.linalg.norm(found[0] - photo.points, axis=-1)
        error.append(100 * miss / IBUG.eye_distance(photo.points))
    return np.array(apart, np.float64), np.array(error)


def fit_curve(apart: np.ndarray, near: np.ndarray) -> np.ndarray:
    """The numbers (7,) of the curve, of points that lie `near` (N, 68) where they belong."""
    return logistic.fit(confidence.features(apart).reshape(near.size, -1), near.ravel())


def describe_curve(weights: np.ndarray) -> list[str]:
    names = [*confidence.REGIONS, "own answers", "all answers"]
    return markdown.table(
        ["logarithmic odds of", "by"], zip(names, map("{:.3f}".format, weights), strict=True)
    )


def correlate_confidence(chance: np.ndarray, apart: np.ndarray, error: np.ndarray) -> list[str]:
    """How the confidence of points and faces goes with their error; and what lies apart, by itself."""
    told = chance, -apart
    rows: list[list[markdown.Cell]] = [
        ["points", error.size, *(f"{correlate(t, error):.2f}" for t in told)],
        ["faces", len(error), *(f"{correlate(t.mean(-1), error.mean(-1)):.2f}" for t in told)],
    ]
    for region, points in IBUG.regions.items():
        some = list(points)
        pair = (f"{correlate(t[:, some], error[:, some]):.2f}" for t in told)
        rows.append([f"points of the {region}", error[:, some].size, *pair])
    header = ["Spearman's rank correlation with the error", "number", "confidence", "minus what lies apart"]
    return markdown.table(header, rows)


def compare_confidence(chance: np.ndarray, error: np.ndarray) -> list[str]:
    """Which share of the points of like confidence is as near as it promises."""
    rows: list[list[markdown.Cell]] = []
    for low, high in itertools.pairwise(BINS):
        here = (chance >= low) & (chance < high)
        share = f"{(error[here] < confidence.NEAR).mean():.3f}"
        figures = f"{chance[here].mean():.3f}", share, f"{error[here].mean():.2f}"
        rows.append([f"{low:.2f} to {high:.2f}", int(here.sum()), *figures])
    header = ["confidence", "points", "mean confidence", f"within {confidence.NEAR:.0f} %", "mean error, %"]
    return markdown.table(header, rows)


def correlate(a: np.ndarray, b: np.ndarray) -> float:
    """Spearman's rank correlation."""
    return float(pd.Series(a.ravel()).corr(pd.Series(b.ravel()), method="spearman"))


if __name__ == "__main__":
    argparse.ArgumentParser(description=errors.summary(__doc__)).parse_args()
    errors.run(main)
