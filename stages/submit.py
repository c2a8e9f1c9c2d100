"""Fill in the course's Kaggle list: one line per coordinate, in pixels of the image file.

python -m stages.submit --weights models/landmarks.pt --archive data/archives/ibug --out …
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import torch

from keypoints import errors, files, params
from keypoints.datasets import ibug, tensors
from keypoints.errors import Faults, UserError
from keypoints.landmarks import IBUG
from keypoints.models.trained import Trained


def main(model: Path, archive: Path, out: Path) -> None:
    settings = params.load()
    name = settings.submission.part
    part = settings.part(name)
    torch.set_num_threads(settings.threads_of(name))
    trained = Trained.load(model, part)
    if trained.scheme is not IBUG:
        raise UserError(f"submission.part: {name!r} finds {trained.scheme.name}, the list has {IBUG.name}")
    listed = ibug.kaggle_list(archive)
    cropped = tensors.cut_all(listed, archive, part.data, Faults(archive, 0.0))
    points = cropped.in_image(trained.points(cropped.crops(), flip=part.evaluate.flip))
    with files.whole(out) as temporary, open(temporary, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["Id", "Predicted"])
        # Id = i * 136 + 2 k for x and + 1 for y of landmark k of the i-th image.
        writer.writerows((i, f"{value:.3f}") for i, value in enumerate(points.ravel()))
    print(f"{out}: {len(points)} faces by {name}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=errors.summary(__doc__))
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--archive", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="the CSV to write")
    args = parser.parse_args()
    errors.run(main, args.weights, args.archive, args.out)
