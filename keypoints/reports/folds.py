"""Train and measure a part of a person's own once for each fold: mean and spread of its figures.

    python -m keypoints.reports.folds own           # after `make own`; writes metrics/folds/own.csv

Every group of faces is tested once, by a net that never saw it: for sets so small that one held-out share
says little. `datasets.own.splits.folds` says how many. A command that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from keypoints import errors, files, paths
from keypoints.datasets import face_table, formats, tensors
from keypoints.errors import Faults, UserError
from keypoints.reports import markdown
from keypoints.settings import params
from keypoints.settings.recipes import Part

if TYPE_CHECKING:
    from keypoints.training.checkpoints import Checkpoint

COLUMNS = ("nme", "auc_8", "fr_8", "mae_px", "mean_shape_nme", "faces")
FOLD = "split_fold"


def main(name: str) -> None:
    from keypoints.training import checkpoints

    settings = params.load()
    part, epochs, threads = settings.part(name), settings.epochs(name), settings.threads_of(name)
    dataset = part.data.dataset
    file, archive = paths.table(dataset), paths.archive(dataset)
    table, scheme = face_table.load(file)
    folds = [column.removeprefix("split_") for column in table.columns if column.startswith(FOLD)]
    if scheme is None or not folds:
        raise UserError(f"{file} has no folds: only data of one's own do, see docs/own-data.md")
    rows = []
    for fold in folds:
        of_fold = replace(part, data=replace(part.data, split=fold))
        faults = Faults(archive, settings.dataset(dataset).max_broken, f"datasets.{dataset}.max_broken")
        faces = tensors.build(table, archive, of_fold.data, scheme, faults, formats.members)
        made_of = checkpoints.fingerprint(of_fold, epochs, settings.seed, threads, file)
        kept = checkpoints.Checkpoint(
            paths.workspace() / ".checkpoints" / f"{name}-{fold}-{made_of[:12]}.pt", made_of
        )
        figures = measure(of_fold, faces, epochs, settings.seed, threads, kept)
        rows.append({"fold": fold} | {key: figures[key] for key in COLUMNS})
        kept.remove()
    out = Path("metrics/folds") / f"{name}.csv"
    files.write_csv(out, list(rows[0]), (row.values() for row in rows))
    print("\n".join(markdown.table(["fold", *COLUMNS], [*map(list_cells, rows), *summarise(rows)])))


def measure(
    part: Part,
    faces: tensors.Faces,
    epochs: int,
    seed: int,
    threads: int,
    checkpoint: Checkpoint | None = None,
) -> dict[str, Any]:
    """Train a part on its faces, and the figures of those that are held out."""
    from keypoints.evaluation.part import Evaluation
    from keypoints.training.loop import Loop

    test = faces.held_out()
    trained = Loop(part, faces.only("train", "val"), epochs, seed, threads, checkpoint).run()
    return Evaluation(trained, test, trained.points(test.crops(), flip=part.evaluate.flip)).figures


def list_cells(row: dict[str, Any]) -> list[markdown.Cell]:
    return list(row.values())


def summarise(rows: list[dict[str, Any]]) -> list[list[markdown.Cell]]:
    """The mean of each column over the folds, and their standard deviation."""
    values = np.array([[float(row[key]) for key in COLUMNS] for row in rows])
    return [["mean", *values.mean(0).tolist()], ["standard deviation", *values.std(0, ddof=1).tolist()]]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=errors.summary(__doc__))
    parser.add_argument("part")
    args = parser.parse_args()
    errors.run(main, args.part)
