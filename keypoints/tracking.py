"""MLflow: one run per trained part, in one database at the repository's root.

The train stage opens the run and logs epoch by epoch; the render stage finds it again by the hash
of the weights and adds figures and pictures. Experiments run in folders of their own, so the
root comes from DVC_ROOT. `KEYPOINTS_TRACKING=off` turns all of it off; a disk that cannot be
written is reported once and training goes on without.
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keypoints import paths
from keypoints.params import leaves
from keypoints.recipes import Part

if TYPE_CHECKING:
    from mlflow import MlflowClient

EXPERIMENT = "facial-keypoints"


class Run:
    """A run, or (without a client) one that logs nothing.

    What fails while logging, a full disk or a locked database, is reported once; then it logs no more.
    """

    def __init__(self, client: MlflowClient | None = None, run_id: str = "") -> None:
        self.client, self.run_id = client, run_id

    def _log(self, call: Callable[[MlflowClient], object]) -> None:
        try:
            if self.client:
                call(self.client)
        except Exception as error:
            _warn(error)
            self.client = None

    def metrics(self, values: dict[str, Any], step: int = 0) -> None:
        """Log the finite numbers among the values, at a step."""
        now = time.time_ns() // 1_000_000

        def call(client: MlflowClient) -> None:
            from mlflow.entities import Metric

            numbers = {key: value for key, value in values.items() if isinstance(value, int | float)}
            known = {key: float(value) for key, value in numbers.items() if math.isfinite(value)}
            client.log_batch(self.run_id, [Metric(key, value, now, step) for key, value in known.items()])

        self._log(call)

    def parameters(self, tree: dict[str, Any]) -> None:
        """Log a tree of settings under dotted names."""

        def call(client: MlflowClient) -> None:
            from mlflow.entities import Param

            client.log_batch(self.run_id, params=[Param(key, str(value)) for key, value in leaves(tree)])

        self._log(call)

    def files(self, path: Path) -> None:
        """Log a file, or a folder with what is in it."""
        if path.is_dir():
            self._log(lambda client: client.log_artifacts(self.run_id, str(path), path.name))
        else:
            self._log(lambda client: client.log_artifact(self.run_id, str(path)))

    def tag(self, **tags: str) -> None:
        def call(client: MlflowClient) -> None:
            for key, value in tags.items():
                client.set_tag(self.run_id, key, value)

        self._log(call)

    def end(self, status: str) -> None:
        self._log(lambda client: client.set_terminated(self.run_id, status))


def _warn(error: Exception) -> None:
    print(f"warning: no MLflow tracking ({' '.join(str(error).split())[:200]})", file=sys.stderr)


@contextmanager
def training_run(name: str, part: Part, fingerprint: str, extra: dict[str, Any]) -> Iterator[Run]:
    """The run of one training. One that was killed is taken up again (same fingerprint).

    `extra` are more parameters to log beside the part's.
    """
    client, experiment = connect()
    if not client:
        yield Run()
        return
    open_runs = client.search_runs(
        [experiment], f"tags.fingerprint = '{fingerprint}' and attributes.status = 'RUNNING'", max_results=1
    )
    if open_runs:
        run = Run(client, open_runs[0].info.run_id)
    else:
        made = client.create_run(experiment, run_name=f"{name}-{part.recipe}", tags=_tags(name, part))
        run = Run(client, made.info.run_id)
        run.tag(fingerprint=fingerprint)
        run.parameters({**asdict(part), **extra})
    try:
        yield run
    except Exception as error:  # an interrupt leaves it running, to be taken up again
        run.tag(error=" ".join(str(error).split())[:250])
        run.end("FAILED")
        raise
    run.end("FINISHED")


def finished_run(weights_sha256: str) -> Run:
    """The run that gave these weights; one that logs nothing where there is none."""
    client, experiment = connect()
    if not client:
        return Run()
    found = client.search_runs([experiment], f"tags.weights_sha256 = '{weights_sha256}'", max_results=1)
    return Run(client, found[0].info.run_id) if found else Run()


def connect() -> tuple[MlflowClient | None, str]:
    """A client and the experiment's id; None where tracking is off or cannot be."""
    if os.environ.get("KEYPOINTS_TRACKING", "").lower() in ("off", "0", "no", "false"):
        return None, ""
    folder = paths.workspace().resolve()
    try:
        from filelock import FileLock

        # Processes that create the database at the same time would spoil it.
        with FileLock(folder / ".mlflow.lock", timeout=120):
            return _open(folder)
    except Exception as error:  # tracking is a convenience: never a reason not to train
        _warn(error)
        return None, ""


def _open(folder: Path) -> tuple[MlflowClient, str]:
    import logging

    logging.getLogger("alembic").setLevel(logging.WARNING)
    from mlflow import MlflowClient

    uri = os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{folder / 'mlflow.db'}"
    client = MlflowClient(uri)
    experiment = client.get_experiment_by_name(EXPERIMENT)
    if experiment:
        return client, experiment.experiment_id
    place = None if "MLFLOW_TRACKING_URI" in os.environ else (folder / "mlartifacts").as_uri()
    return client, client.create_experiment(EXPERIMENT, place)


def _tags(name: str, part: Part) -> dict[str, str]:
    tags = {"part": name, "recipe": part.recipe}
    if experiment := os.environ.get("DVC_EXP_NAME"):
        tags["dvc_experiment"] = experiment
    revision = os.environ.get("DVC_EXP_BASELINE_REV") or _git_revision()
    return tags | ({"mlflow.source.git.commit": revision} if revision else {})


def _git_revision() -> str:
    try:
        done = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()
