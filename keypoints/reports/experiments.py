"""What a DVC experiment left: its commit, files, training time and score."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from keypoints import files, paths
from keypoints.errors import UserError
from keypoints.system import git
from keypoints.tracking import runs, store
from keypoints.tracking.runs import EPOCHS

if TYPE_CHECKING:
    from mlflow.entities import Run


def shorten(overrides: Sequence[str], part: str) -> list[str]:
    """The overrides as a table shows them, whose row says which part they are of."""
    return [re.sub(rf"^(\+*){part}\.", r"\1", override) for override in overrides]


def run(experiment: str, overrides: Sequence[str], targets: Sequence[str]) -> str | None:
    """Run stages as an experiment in a temporary folder, with these `-S`; its commit, None where it failed.

    The workspace stays as it is, and what DVC's run-cache holds is not run again.
    """
    delete(experiment)  # not --force: that trains again what DVC's run-cache holds
    command = ["dvc", "exp", "run", "--temp", "--name", experiment]
    changes = [word for override in overrides for word in ("-S", override)]
    done = subprocess.run([*command, *changes, *targets], check=False)
    return None if done.returncode else find_commit(experiment)


def find_commit(experiment: str) -> str:
    """The commit of the newest experiment of this name: HEAD may have moved on while it ran."""
    newest = ["--sort=-committerdate", "--count=1", "--format=%(objectname)"]
    found = git.ask_quietly("for-each-ref", *newest, f"refs/exps/*/*/{experiment}")
    if not found:
        raise UserError(f"the experiment {experiment} left no result: see what it printed")
    return found


def delete(experiment: str) -> None:
    """Let git know of no experiment of this name; DVC's cache and MLflow keep what they have."""
    for ref in git.ask_quietly("for-each-ref", "--format=%(refname)", f"refs/exps/*/*/{experiment}").split():
        git.ask("update-ref", "-d", ref)


def read_at_commit(commit: str, path: str) -> str:
    """A file that git keeps, as an experiment left it."""
    return git.ask("show", f"{commit}:{path}")


def parse_figures(text: str) -> dict[str, float]:
    """All figures of a part, by the text of its metrics/figures/<part>.csv."""
    rows = csv.DictReader(text.splitlines())
    values = {row["figure"]: row["value"] for row in rows}
    return {key: int(value) if value.isdigit() else float(value) for key, value in values.items()}


def training_seconds(experiment: str) -> float:
    """How long the epochs of an experiment's last training took, also of one that went on after a failure.

    0 where MLflow does not know: it is off, or DVC had the training in its run-cache.
    """
    known, found = _find_runs("dvc_experiment", experiment)
    prints = [run.data.tags.get("fingerprint") for run in found]
    return _sum_epochs(known, [run for run, own in zip(found, prints, strict=True) if own == prints[0]])


def training_seconds_of(weights: Path) -> float:
    """How long the epochs took that gave these weights; 0 where MLflow does not know."""
    found = _find_runs("weights", files.digest(weights, "md5"))[1]
    prints = [run.data.tags["fingerprint"] for run in found if "fingerprint" in run.data.tags]
    return _sum_epochs(*_find_runs("fingerprint", prints[0])) if prints else 0.0


def failure_reason(experiment: str) -> str:
    """Why an experiment's training failed, in its own words where they are known."""
    found = _find_runs("dvc_experiment", experiment)[1]
    return (found[0].data.tags.get("error") if found else None) or "see the command's output"


def _find_runs(tag: str, value: str) -> tuple[store.Store | None, list[Run]]:
    """MLflow's runs with this tag, newest first, and the store that knows more of them."""
    if runs.is_off():
        return None, []
    runs.send_kept()
    try:
        found = store.connect(paths.workspace().resolve())
        return found, found.search(f"tags.{tag} = '{value}'")
    except UserError as error:
        runs.warn(str(error))
        return None, []


def _sum_epochs(known: store.Store | None, trained: list[Run]) -> float:
    """The seconds of the epochs of a training's runs, newest first; of one that two report, the later's."""
    epochs: dict[int, float] = {}
    for run in reversed(trained if known else []):
        assert known is not None
        history = known.client.get_metric_history(run.info.run_id, f"{EPOCHS}/seconds")
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
