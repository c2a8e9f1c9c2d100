"""What a DVC experiment left: its commit, files, training time and score."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from keypoints import files, paths, tracking
from keypoints.errors import UserError

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run


def find_commit(experiment: str) -> str:
    """The commit of the newest experiment of this name: HEAD may have moved on while it ran."""
    newest = ["--sort=-committerdate", "--count=1", "--format=%(objectname)"]
    found = git("for-each-ref", *newest, f"refs/exps/*/*/{experiment}")
    if not found:
        raise UserError(f"the experiment {experiment} left no result: see what it printed")
    return found.strip()


def delete(experiment: str) -> None:
    """Let git know of no experiment of this name; DVC's cache and MLflow keep what they have."""
    for ref in git("for-each-ref", "--format=%(refname)", f"refs/exps/*/*/{experiment}").split():
        git("update-ref", "-d", ref)


def read_at_commit(commit: str, path: str) -> str:
    """A file that git keeps, as an experiment left it."""
    return git("show", f"{commit}:{path}")


def git(*command: str) -> str:
    return subprocess.run(["git", *command], capture_output=True, text=True, check=True).stdout


def training_seconds(experiment: str) -> float:
    """How long the epochs of an experiment's last training took, also of one that went on after a failure.

    0 where MLflow does not know: it is off, or DVC had the training in its run-cache.
    """
    client, runs = _find_runs("dvc_experiment", experiment)
    same = [run for run in runs if run.data.tags.get("fingerprint") == runs[0].data.tags.get("fingerprint")]
    return _sum_epochs(client, same)


def training_seconds_of(weights: Path) -> float:
    """How long the epochs took that gave these weights; 0 where MLflow does not know."""
    runs = _find_runs("weights_sha256", files.sha256(weights))[1]
    return _sum_epochs(*_find_runs("fingerprint", runs[0].data.tags["fingerprint"])) if runs else 0.0


def failure_reason(experiment: str) -> str:
    """Why an experiment's training failed, in its own words where they are known."""
    runs = _find_runs("dvc_experiment", experiment)[1]
    return (runs[0].data.tags.get("error") if runs else None) or "see the command's output"


def _find_runs(tag: str, value: str) -> tuple[MlflowClient | None, list[Run]]:
    """MLflow's runs with this tag, newest first, and the client that knows more of them."""
    client, store = tracking.connect()
    return client, client.search_runs([store], f"tags.{tag} = '{value}'") if client else []


def _sum_epochs(client: MlflowClient | None, runs: list[Run]) -> float:
    """The seconds of the epochs of a training's runs, newest first; of one that two report, the later's."""
    epochs: dict[int, float] = {}
    for run in reversed(runs if client else []):
        assert client is not None
        history = client.get_metric_history(run.info.run_id, "seconds")
        epochs |= {metric.step: metric.value for metric in history}
    return sum(epochs.values())


def kaggle_score(commit: str, scorer: Path) -> float:
    """The scorer's estimate for the full Kaggle set, pixels of the photographs. Raises `UserError`."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "kaggle.csv"
        get = ["dvc", "get", ".", str(paths.SUBMISSION), "--rev", commit, "-o", str(out), "--quiet"]
        subprocess.run(get, check=True)
        return parse_estimate(run_scorer(scorer, out))


def run_scorer(scorer: Path, submission: Path) -> str:
    """What the leaderboard's scorer prints for a submission. Raises `UserError`."""
    command = [sys.executable, str(scorer), str(submission)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UserError(f"{scorer} refused the submission: {done.stderr.strip()[-300:]}")
    return done.stdout


def parse_estimate(text: str) -> float:
    """The figure in what the scorer printed. Raises `UserError`."""
    found = re.search(r"estimated for the full .*: ([0-9.]+)", text)
    if not found:
        raise UserError(f"the scorer gave no estimate for the full set: {text.strip()[-200:]!r}")
    return float(found[1])
