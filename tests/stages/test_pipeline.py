"""The whole demo pipeline in a copy of the project: what `make repro` and DVC's users expect.

The slowest test here by far; `pytest -k 'not pipeline'` leaves it out.
"""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from keypoints import paths
from keypoints.paths import ROOT
from keypoints.reports.experiments import parse_figures
from keypoints.settings import params
from tests.checkout import copy_project, environment

PARTS = list(params.load(ROOT / "params.yaml").parts)  # also one that somebody has added
TOLERANCE = 0.3  # of the committed NME: other kinds of CPU round otherwise, and training is short


def dvc(project: Path, *arguments: str, **more) -> subprocess.CompletedProcess:
    done = subprocess.run(
        ["dvc", *arguments], cwd=project, env=environment(), capture_output=True, text=True, **more
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A copy of what git would commit, with the demo pipeline run in it once."""
    if yaml.safe_load((ROOT / "params.yaml").read_text())["profile"]["name"] != "demo":
        pytest.skip("the workspace holds another profile's run: `make repro` returns to the demo")
    copy = copy_project(tmp_path_factory.mktemp("pipeline") / "project", on_one_core)
    dvc(copy, "repro")
    return copy


def on_one_core(copy: Path) -> None:
    """One thread: the other core has other tests, and two threads would wait for each other."""
    for file in (copy / "conf/config.yaml", copy / "params.yaml"):
        text, found = re.subn(r"^threads: 2\b", "threads: 1", file.read_text(), flags=re.MULTILINE)
        assert found == 1
        file.write_text(text)


def lock(folder: Path) -> dict[str, dict[str, str]]:
    """stage -> out -> hash."""
    stages = yaml.safe_load((folder / "dvc.lock").read_text())["stages"]
    return {name: {out["path"]: out["md5"] for out in stage["outs"]} for name, stage in stages.items()}


def test_data_stages_give_the_committed_bytes(project):
    committed, made = lock(ROOT), lock(project)
    assert set(made) == set(committed)
    for stage in made:
        if stage.startswith(("download", "parse", "preprocess")):
            assert made[stage] == committed[stage], stage


@pytest.mark.parametrize("part", PARTS)
def test_every_part_learns_and_agrees_with_the_committed_figures(project, part):
    made, committed = (parse_figures((root / paths.figures(part)).read_text()) for root in (project, ROOT))
    assert list(made) == list(committed)
    assert made["faces"] == committed["faces"]
    assert made["mean_shape_nme"] == pytest.approx(committed["mean_shape_nme"], rel=1e-3)
    assert made["nme"] == pytest.approx(committed["nme"], rel=TOLERANCE)
    assert made["nme"] <= made["mean_shape_nme"] / 2
    assert made["mse"] <= made["mean_shape_mse"] / 2


@pytest.mark.parametrize("part", PARTS)
def test_every_part_has_its_pictures(project, part):
    names = {path.name for path in (project / "plots" / part).iterdir()}
    expected = {"samples", "curves", "predictions", "cumulative", "filters", "heatmaps", "maps"}
    expected |= {"point_error", "directions"} if part != "nose" else set()
    assert names == {f"{name}.png" for name in expected}


def test_no_photographs_of_your_own_give_no_pictures(project):
    """A clone has the folder, and nothing in it."""
    assert [path.name for path in (project / "data/collection").iterdir()] == [".gitignore"]
    assert {path.name for path in (project / "plots/collection").iterdir()} >= set(PARTS)
    assert not list((project / "plots/collection").glob("*/*"))


def test_the_submission_has_a_line_a_coordinate(project):
    with open(project / "submissions/kaggle.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["Id"]) for row in rows] == list(range(len(rows)))
    assert len(rows) % 136 == 0 and list(rows[0]) == ["Id", "Predicted"]
    assert all(-200 < float(row["Predicted"]) < 600 for row in rows)


def sent_runs(project: Path, query: str = "") -> tuple:
    """MLflow's client and runs, when what a busy machine could not send in time is sent."""
    from mlflow import MlflowClient

    send = [sys.executable, "-m", "keypoints.tracking.sending"]
    deadline = time.monotonic() + 120
    while list((project / ".tracking").glob("*")) and time.monotonic() < deadline:
        subprocess.run(send, cwd=project, env=environment(), capture_output=True)
    client = MlflowClient(f"sqlite:///{project / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("facial-keypoints")
    return client, client.search_runs([experiment.experiment_id], query)


def test_mlflow_holds_one_finished_run_a_part(project):
    client, runs = sent_runs(project)
    assert sorted(run.data.tags["part"] for run in runs) == sorted(PARTS)
    for run in runs:
        part = run.data.tags["part"]
        assert run.info.status == "FINISHED"
        figures = json.loads((project / f"metrics/{part}.json").read_text())
        assert run.data.metrics["figures/nme"] == pytest.approx(figures["nme"])
        assert {f.path for f in client.list_artifacts(run.info.run_id)} == {"card.html", "pictures"}
        assert len(run.outputs.model_outputs) == 1


def test_an_unchanged_pipeline_does_nothing(project):
    before = (project / "dvc.lock").read_bytes()
    assert "up to date" in dvc(project, "repro").stdout
    assert (project / "dvc.lock").read_bytes() == before
    assert not list((project / ".checkpoints").glob("*.pt"))


def test_the_same_again_gives_the_same_bytes(project):
    """What is measured and drawn; data are compared with the committed bytes, weights after a kill."""
    before = lock(project)
    dvc(project, "repro", "-f", "-s", "evaluate@nose", "render@nose", "collection@nose")
    assert lock(project) == before


def test_a_killed_repro_goes_on(project):
    """`kill -9` while the nose trains; the next `dvc repro` resumes, and ends with the same bytes.

    Forced both times: DVC has the weights of the fixture's training, and would bring them.
    """
    before = lock(project)
    command = ["dvc", "repro", "-f", "-s", "train@nose"]
    running = subprocess.Popen(
        command,
        cwd=project,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + 120
    while not list((project / ".checkpoints").glob("nose-*.pt")) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    assert list((project / ".checkpoints").glob("nose-*.pt"))
    assert "going on after epoch" in dvc(project, *command[1:]).stderr
    assert lock(project) == before


def test_what_was_trained_with_these_settings_is_not_trained_again(project):
    """DVC's run-cache has it, though the lock was lost: so a variant that is left can be returned to."""
    before, kept = lock(project), (project / "dvc.lock").read_bytes()
    stages = [f"{stage}@nose" for stage in ("preprocess", "train", "evaluate", "render")]
    try:
        (project / "dvc.lock").unlink()
        said = dvc(project, "repro", "-s", *stages).stdout
        assert re.findall(r"Stage '(.+)' is cached", said) == stages
        assert lock(project) == {stage: before[stage] for stage in stages}
    finally:
        (project / "dvc.lock").write_bytes(kept)


@pytest.mark.parametrize(
    "override, expected",
    [
        ("nose.train.lr=0.01", {"train@nose"}),
        ("face.evaluate.flip=false", {"evaluate@face", "collection@face"}),
        ("landmarks.evaluate.flip=false", {"evaluate@landmarks", "collection@landmarks", "submit"}),
        ("train.lr=0.01", {f"train@{part}" for part in PARTS}),
        (
            "face=kim",
            {f"{stage}@face" for stage in ("preprocess", "train", "evaluate", "render", "collection")},
        ),
    ],
)
def test_one_change_starts_just_what_depends_on_it(project, override, expected):
    # A dry run names the stages that start by themselves; those after them follow changed outputs.
    params = (project / "params.yaml").read_bytes()
    try:
        compose = [sys.executable, "-m", "keypoints.compose", override]
        said = subprocess.run(
            compose, cwd=project, env=environment(), check=True, capture_output=True, text=True
        )
        assert "params.yaml follows conf/" in said.stderr
        shown = dvc(project, "repro", "--dry").stdout
        assert set(re.findall(r"Running stage '(.+)'", shown)) == expected
    finally:
        (project / "params.yaml").write_bytes(params)


def test_two_queued_experiments_succeed_at_once(project):
    rates = ["-S", "nose.train.lr=1e-3,2e-4", "-S", "nose.train.epochs=2"]
    dvc(project, "exp", "run", "--queue", *rates, "evaluate@nose")
    dvc(project, "queue", "start", "-j", "2")
    # Not `dvc queue status`: asked, a worker may break off (dvc#10428).
    refs = ["git", "-C", str(project), "for-each-ref", "--format=%(refname)", "refs/exps"]
    deadline, done, ended = time.monotonic() + 300, [], []
    while len(ended) < 2 and time.monotonic() < deadline:
        time.sleep(0.5)
        names = subprocess.run(refs, capture_output=True, text=True, check=True).stdout.split()
        done = [name for name in names if re.fullmatch(r"refs/exps/[0-9a-f]{2}/[0-9a-f]{38}/.+", name)]
        ended = done + [name for name in names if name.endswith("/failed")]
    assert len(done) == 2, dvc(project, "queue", "status").stdout
    shown = json.loads(dvc(project, "exp", "show", "--json").stdout)
    assert len(shown[-1]["experiments"]) == 2
    tagged = sent_runs(project, "tags.dvc_experiment != ''")[1]
    assert len(tagged) == 2 and {run.data.tags["part"] for run in tagged} == {"nose"}
