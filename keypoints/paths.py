"""Where the pipeline keeps its files: every path of an out, a metric or a picture, once.

Relative to the project's root, which is the current folder of every stage; dvc.yaml names the same ones.
"""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent  # of a checkout
PARAMS = Path("params.yaml")
LOCK = Path("dvc.lock")
COLLECTION = Path("data/collection")  # your own photographs
SUBMISSION = Path("submissions/kaggle.csv")


def archive(dataset: str) -> Path:
    return Path("data/archives") / dataset


def table(dataset: str) -> Path:
    return Path("data/tables") / f"{dataset}.parquet"


def left_out(dataset: str) -> Path:
    return Path("data/tables") / f"{dataset}-left-out.csv"


def tensors(part: str) -> Path:
    return Path("data/tensors") / f"{part}.npz"


def weights(part: str) -> Path:
    return Path("models") / f"{part}.pt"


def snapshots(part: str) -> Path:
    return Path("models") / f"{part}-snapshots.npz"


def predictions(part: str) -> Path:
    return Path("data/predictions") / f"{part}.npz"


def learned(part: str) -> Path:
    return Path("data/learned") / f"{part}.npz"


def metrics(part: str) -> Path:
    return Path("metrics") / f"{part}.json"


def figures(part: str) -> Path:
    return Path("metrics/figures") / f"{part}.csv"


def history(part: str) -> Path:
    return Path("metrics/history") / f"{part}.csv"


def subsets(part: str) -> Path:
    return Path("metrics/subsets") / f"{part}.csv"


def cumulative(part: str) -> Path:
    return Path("metrics/cumulative") / f"{part}.csv"


def plots(part: str) -> Path:
    return Path("plots") / part


def workspace() -> Path:
    """The root of the repository that a run belongs to, also from within an experiment's own folder."""
    return Path(os.environ.get("DVC_ROOT", "."))
