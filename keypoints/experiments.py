"""What a DVC experiment left: its commit, files, training time and score."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from keypoints import tracking
from keypoints.errors import UserError

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run


def commit(experiment: str) -> str:
    """The commit of the newest experiment of this name: HEAD may have moved on while it ran."""
    newest = ["--sort=-committerdate", "--count=1", "--format=%(objectname)"]
    found = git("for-each-ref", *newest, f"refs/exps/*/*/{experiment}")
    if not found:
        raise UserError(f"the experiment {experiment} left no result: see what it printed")
    return found.strip()


def forget(experiment: str) -> None:
    """Let git know of no experiment of this name; DVC's cache and MLflow keep what they have."""
    for ref in git("for-each-ref", "--format=%(refname)", f"refs/exps/*/*/{experiment}").split():
        git("update-ref", "-d", ref)


def shown(commit: str, path: str) -> str:
    """A file that git keeps, as an experiment left it."""
    return git("show", f"{commit}:{path}")


def git(*command: str) -> str:
    return subprocess.run(["git", *command], capture_output=True, text=True, check=True).stdout


def seconds(experiment: str) -> float:
    """How long the epochs of an experiment's training took, also of one that was killed between them."""
    client, run = _tracked(experiment)
    history = client.get_metric_history(run.info.run_id, "seconds") if run else []
    return sum({metric.step: metric.value for metric in history}.values())


def failure(experiment: str) -> str:
    """Why an experiment's training failed, in its own words where they are known."""
    run = _tracked(experiment)[1]
    return (run.data.tags.get("error") if run else None) or "see the command's output"


def _tracked(experiment: str) -> tuple[MlflowClient, Run | None]:
    """MLflow's newest run of an experiment's training, and the client that knows more of it."""
    client, store = tracking._connect()
    if not client:
        raise UserError("training times and failures are MLflow's: run without KEYPOINTS_TRACKING=off")
    runs = client.search_runs([store], f"tags.dvc_experiment = '{experiment}'", max_results=1)
    return client, runs[0] if runs else None


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
