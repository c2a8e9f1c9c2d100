"""Fill in the course's Kaggle list: one line per coordinate, in pixels of the image file.

python -m stages.submit --weights models/landmarks.pt --archive data/archives/ibug --out …
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from tqdm import tqdm

from keypoints import errors, files
from keypoints.datasets import ibug
from keypoints.datasets.archives import members
from keypoints.errors import UserError
from keypoints.landmarks import IBUG
from keypoints.pictures import images
from keypoints.predict.looking import BATCH, Looker, Place
from keypoints.predict.runtimes import TorchNet
from keypoints.settings import params

if TYPE_CHECKING:
    import pandas as pd


def main(model: Path, archive: Path, out: Path) -> None:
    settings = params.load()
    name = settings.submission.part
    part = settings.part(name)
    torch.set_num_threads(settings.threads_of(name))
    net = TorchNet(model, part=part)
    if net.scheme is not IBUG:
        raise UserError(f"submission.part: {name!r} finds {net.scheme.name}, the list has {IBUG.name}")
    looks = settings.submission.looks
    looker = Looker(net, part.evaluate.flip, max(1, looks))
    look = looker.look_closely if looks else looker.look
    listed = ibug.kaggle_list(archive)
    points = np.zeros((len(listed), IBUG.points, 2), np.float32)
    for rows, places in read(listed, archive):
        points[rows] = look(places)[0]
    # Id = i * 136 + 2 k for x and + 1 for y of landmark k of the i-th image.
    lines = ((i, f"{value:.3f}") for i, value in enumerate(points.ravel()))
    files.write_csv(out, ["Id", "Predicted"], lines)
    print(f"{out}: {len(points)} faces by {name}")


def read(listed: pd.DataFrame, archive: Path) -> Iterator[tuple[list[int], list[Place]]]:
    """Batches of the list's faces in the archive's order: their rows in the list, and their places.

    Raises `UserError` for a picture that cannot be read.
    """
    rows: dict[str, list[int]] = {}
    for row, file in enumerate(listed["file"].tolist()):
        rows.setdefault(file, []).append(row)
    boxes = listed[["left", "top", "box_width", "box_height"]].to_numpy(float)
    chosen: list[int] = []
    places: list[Place] = []
    for file, content in tqdm(members(archive, rows.__contains__), total=len(rows), unit="img", disable=None):
        try:
            image = images.decode(content, 3)
        except ValueError as error:
            raise UserError(f"{archive}: {file}: {error}") from None
        for row in rows[file]:
            left, top, width, height = boxes[row].tolist()
            chosen.append(row)
            places.append(Place(image, (left, top, width, height)))
        if len(places) >= BATCH:
            yield chosen, places
            chosen, places = [], []
    if places:
        yield chosen, places


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=errors.summary(__doc__))
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--archive", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="the CSV to write")
    args = parser.parse_args()
    errors.run(main, args.weights, args.archive, args.out)
