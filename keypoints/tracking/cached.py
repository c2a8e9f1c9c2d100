"""Runs for weights that DVC's run-cache gave: no stage ran that could have told of them.

All that is needed is in git: of the workspace, and of every DVC experiment.
"""

from __future__ import annotations

import io
import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pandas as pd
import yaml

from keypoints import paths
from keypoints.errors import UserError
from keypoints.settings import params
from keypoints.system import git
from keypoints.tracking import runs, sent_run
from keypoints.tracking.store import Store


def add_missing(store: Store) -> int:
    """Add a run for every trained part of the workspace and of DVC's experiments that has none; how many."""
    workspace = read_workspace()
    baseline = {facts["part"]: facts["weights"] for facts, _ in workspace}
    added = 0
    for facts, figures in [*workspace, *read_experiments()]:
        facts["digest"] = sent_run.digest(facts["settings"])
        own = not facts["experiment"] or facts["weights"] != baseline.get(facts["part"])
        if own and sent_run.find_measured(store, facts) is None:
            run = sent_run.SentRun.create(store, facts)
            run.metrics({f"{runs.FIGURES}/{key}": value for key, value in figures.items()}, 0)
            store.client.set_terminated(run.run_id, "FINISHED")
            added += 1
    return added


def read_workspace() -> list[tuple[dict[str, Any], dict[str, float]]]:
    return list(read_parts(lambda path: path.read_text(encoding="utf-8"), "", ""))


def read_experiments() -> Iterator[tuple[dict[str, Any], dict[str, float]]]:
    """What each of DVC's experiments says of its parts."""
    listed = git.ask_quietly("for-each-ref", "--format=%(objectname) %(refname)", "refs/exps/*/*/*")
    for line in listed.splitlines():
        commit, name = line.split()
        experiment = name.rpartition("/")[2]
        yield from read_parts(lambda path, of=commit: git.ask("show", f"{of}:{path}"), experiment, commit)


def read_parts(read: Any, experiment: str, commit: str) -> Iterator[tuple[dict[str, Any], dict[str, float]]]:
    """The facts of a run and its figures, for every part that was trained and measured.

    `read` gives the text of a file. What is missing, or of another time's form, is left out.
    """
    try:
        settings = params.parse(yaml.safe_load(read(paths.PARAMS)))
        stages = yaml.safe_load(read(paths.LOCK))["stages"]
    except (OSError, UserError, subprocess.CalledProcessError, yaml.YAMLError, KeyError, TypeError):
        return
    for name in settings.parts:
        try:
            stage = stages[f"train@{name}"]
            hashes = {file["path"]: file["md5"] for file in stage["deps"] + stage["outs"]}
            history = pd.read_csv(io.StringIO(read(paths.history(name))))
            facts = {
                **runs.describe(name, settings),
                "kind": "measuring",
                "time": None,
                "experiment": experiment,
                "weights": hashes[str(paths.weights(name))],
                "tensors": str(paths.tensors(name)),
                "data": hashes[str(paths.tensors(name))],
                "splits": {},
                "history": runs.to_rows(history),
            }
            if commit:
                facts["revision"] = commit
            yield facts, runs.to_figures(json.loads(read(paths.metrics(name))))
        except (OSError, subprocess.CalledProcessError, KeyError, ValueError):
            continue
