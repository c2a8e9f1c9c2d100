"""Runs for what DVC restored: once each, said so, and none for an experiment that left a part as it was."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest
import yaml

from keypoints import paths
from keypoints.paths import ROOT
from keypoints.system import git
from keypoints.tracking import cached, names, store

GIT = ["git", "-c", "user.name=t", "-c", "user.email=t@t"]


@pytest.fixture
def checkout(tracked, monkeypatch):
    """A repository with the committed run of the demo, and none in MLflow."""
    monkeypatch.chdir(tracked)
    monkeypatch.setattr(names, "changes", lambda facts: [])
    shutil.copytree(ROOT / "metrics", "metrics")
    for file in (paths.PARAMS, paths.LOCK):
        shutil.copyfile(ROOT / file, file)
    commit("baseline")
    return tracked


def commit(message):
    if message == "baseline":
        subprocess.run([*GIT, "init", "-q"], check=True)
    subprocess.run([*GIT, "add", "params.yaml", "dvc.lock", "metrics"], check=True)
    subprocess.run([*GIT, "commit", "-qm", message], check=True)
    return git.ask("rev-parse", "HEAD").strip()


def test_every_part_has_one_run_that_says_where_its_weights_are_from(checkout):
    target = store.connect(checkout)
    parts = list(yaml.safe_load(paths.PARAMS.read_text())["parts"])
    assert cached.add_missing(target) == len(parts) and cached.add_missing(target) == 0
    found = {run.data.tags["part"]: run for run in target.search("")}
    assert sorted(found) == sorted(parts)
    for run in found.values():
        assert run.info.status == "FINISHED" and "run-cache" in run.data.tags["weights_from"]
        assert run.data.metrics["figures/nme"] > 0 and run.data.metrics["training/val_nme"] > 0


def test_of_an_experiment_only_what_it_changed_has_a_run(checkout):
    before = paths.LOCK.read_text()
    lock = yaml.safe_load(before)
    for out in lock["stages"]["train@nose"]["outs"]:
        out["md5"] = "0" * 32
    paths.LOCK.write_text(yaml.safe_dump(lock))
    made = commit("another nose")
    git.ask("reset", "-q", "--hard", "HEAD~")
    git.ask("update-ref", "refs/exps/ab/cdef/lazy-fox", made)
    target = store.connect(checkout)
    cached.add_missing(target)
    (run,) = target.search("tags.dvc_experiment = 'lazy-fox'")
    assert run.data.tags["part"] == "nose" and run.data.tags["mlflow.source.git.commit"] == made


@pytest.mark.parametrize("repository", [True, False])
def test_a_folder_without_a_run_has_none(tracked, monkeypatch, repository):
    monkeypatch.chdir(tracked)
    if repository:
        subprocess.run([*GIT, "init", "-q"], check=True)
    assert cached.add_missing(store.connect(tracked)) == 0


def test_figures_without_eye_corners_say_their_unit_in_words(checkout):
    """Which is no figure of MLflow's."""
    file = paths.metrics("nose")
    file.write_text(json.dumps(json.loads(file.read_text()) | {"nme_unit": "the box's diagonal"}))
    target = store.connect(checkout)
    assert cached.add_missing(target)
    assert any(run.data.tags["part"] == "nose" for run in target.search(""))
