"""Draw the README's picture from the demo's outputs: `make docs` (after `make repro`)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from keypoints import errors, paths, plots
from keypoints.datasets import tensors
from keypoints.errors import Faults, UserError
from keypoints.landmarks import SCHEMES
from keypoints.settings import params

PART = "heatmaps"


def main() -> None:
    settings = params.load()
    if settings.profile.source != "synthetic":
        raise UserError("docs/ shows drawn faces only: run `make repro` first")
    part = settings.part(PART)
    name = part.data.dataset
    faces = tensors.load(paths.tensors(PART)).held_out()
    table = pd.read_parquet(paths.table(name)).set_index("file").loc[faces.name].reset_index()
    colour = replace(part.data, channels=3, margin=0)
    crops = tensors.cut_all(table, paths.archive(name), colour, Faults(paths.archive(name), 0.0)).crops()
    with np.load(paths.predictions(PART)) as found:
        points, nme = found["points"], found["nme"]
    groups, scheme = faces.group.tolist(), SCHEMES[part.data.points]
    plots.predictions("docs/demo.png", crops, faces.points, points, nme, groups, scheme)


if __name__ == "__main__":
    errors.run(main)
