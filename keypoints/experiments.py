"""What a DVC experiment left: its commit, files, training time and score."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from keypoints import tracking
from keypoints.errors import UserError


def commit(experiment: str) -> str:
    """The commit of the newest experiment of this name: HEAD may have moved on while it ran."""
    newest = ["--sort=-committerdate", "--count=1", "--format=%(objectname)"]
    found = git("for-each-ref", *newest, f"refs/exps/*/*/{experiment}")
    if not found:
        raise UserError(f"the experiment {experiment} left no result: see what it printed")
    return found.strip()


def shown(commit: str, path: str) -> str:
    """A file that git keeps, as an experiment left it."""
    return git("show", f"{commit}:{path}")


def git(*command: str) -> str:
    return subprocess.run(["git", *command], capture_output=True, text=True, check=True).stdout


def seconds(experiment: str) -> float:
    """How long the epochs of an experiment's training took, also of one that was killed between them."""
    client, store = tracking._connect()
    if not client:
        raise UserError("the training times are MLflow's: run without KEYPOINTS_TRACKING=off")
    runs = client.search_runs([store], f"tags.dvc_experiment = '{experiment}'", max_results=1)
    history = client.get_metric_history(runs[0].info.run_id, "seconds") if runs else []
    return sum({metric.step: metric.value for metric in history}.values())


def score(commit: str, scorer: Path) -> float:
    """The scorer's estimate for the full Kaggle set, pixels of the original photographs."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "kaggle.csv"
        get = ["dvc", "get", ".", "submissions/kaggle.csv", "--rev", commit, "-o", str(out), "--quiet"]
        subprocess.run(get, check=True)
        return estimate(
            subprocess.run([sys.executable, scorer, out], capture_output=True, text=True, check=True).stdout
        )


def estimate(said: str) -> float:
    """The figure in what the scorer prints."""
    return float(re.search(r"estimated for the full .*: ([0-9.]+)", said)[1])
