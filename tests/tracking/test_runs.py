"""What a stage tells: it is on disk at once, never in the way, and reaches MLflow as one run per training."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import textwrap

import pytest
import yaml

from keypoints.tracking import journal, runs, store
from tests.export.helpers import warmed
from tests.tracking.conftest import FACES

SENDER = runs.Sender  # which the fixtures replace


def kill(run):
    raise KeyboardInterrupt


def fail(run):
    raise ZeroDivisionError("the loss\nwas no number")


def test_a_run_holds_all_there_is_to_know(tracked, train, measure, found, monkeypatch):
    monkeypatch.setenv("DVC_EXP_NAME", "lazy-fox")
    train()
    measure(3.5)
    (run,) = found()
    assert run.info.status == "FINISHED" and run.info.run_name == "nose blobs lazy-fox"
    expected = {"part": "nose", "recipe": "blobs", "dvc_experiment": "lazy-fox", "fingerprint": "one"}
    assert expected.items() <= run.data.tags.items()
    assert {"train.lr": "0.01", "data.crop_size": "[24, 24]"}.items() <= run.data.params.items()
    assert run.data.metrics == {
        "training/val_nme": 9,
        "training/seconds": 2,
        "figures/nme": 3.5,
    }
    assert "NME 3.50 %" in run.data.tags["mlflow.note.content"]
    (data,) = run.inputs.dataset_inputs
    assert data.dataset.name == "imm demo" and json.loads(data.dataset.profile) == {"train": 32, "val": 8}
    folder = tracked / "mlartifacts" / run.info.run_id / "artifacts"
    assert (folder / "pictures/curves.png").read_bytes() == b"picture"
    assert "3.5" in (folder / "card.html").read_text()
    assert journal.kept() == []


@pytest.mark.parametrize("end", [kill, None], ids=["interrupted", "not saved by DVC"])
def test_the_same_training_again_is_the_same_run(train, measure, found, monkeypatch, end):
    monkeypatch.setenv("DVC_EXP_NAME", "first")
    if end:
        with pytest.raises(KeyboardInterrupt):
            train(during=end)
        assert [run.info.status for run in found()] == ["KILLED"]
    else:
        train()
    monkeypatch.setenv("DVC_EXP_NAME", "second")
    train()
    measure(3.5)
    (run,) = found()
    assert run.info.status == "FINISHED" and run.data.tags["dvc_experiment"] == "second"
    train()  # `dvc repro -f`
    assert len(found()) == 1


def test_a_resumed_training_has_each_epoch_once(train, found, tracked):
    """It goes on from a checkpoint, which may be older than the last epoch that was told."""

    def two_more(run):
        for epoch in (2, 3):
            run.epoch({"epoch": epoch, "train_loss": 1 / epoch, "seconds": 1.0})

    def then_killed(run):
        two_more(run)
        kill(run)

    with pytest.raises(KeyboardInterrupt):
        train(during=then_killed)
    found()
    train(during=two_more)
    (run,) = found()
    client = store.connect(tracked).client
    steps = [point.step for point in client.get_metric_history(run.info.run_id, "training/seconds")]
    assert sorted(steps) == [1, 2, 3]


def test_a_failed_training_stays_failed(train, found):
    with pytest.raises(ZeroDivisionError):
        train(during=fail)
    train()
    assert [run.info.status for run in found()] == ["FAILED", "FINISHED"]
    assert found()[0].data.tags["error"] == "the loss was no number"


def test_weights_of_another_run_have_a_run_of_their_own_for_other_figures(train, measure, found, monkeypatch):
    train()
    measure(3.5)
    monkeypatch.setenv("DVC_EXP_NAME", "lazy-fox")
    measure(3.0)
    measure(2.9)
    trained, cached = found()
    assert trained.data.metrics["figures/nme"] == 3.5 and cached.data.metrics["figures/nme"] == 2.9
    assert cached.data.tags["weights_from"] == f"trained by run {trained.info.run_id}"
    assert cached.data.metrics["training/val_nme"] == 8.0


def test_figures_outside_experiments_belong_to_that_which_trained(train, measure, found, monkeypatch):
    """As `dvc exp run` leaves its result in the workspace: the next `dvc repro` makes no second run of it."""
    monkeypatch.setenv("DVC_EXP_NAME", "lazy-fox")
    train()
    monkeypatch.delenv("DVC_EXP_NAME")
    measure(3.5)
    (run,) = found()
    assert run.data.tags["dvc_experiment"] == "lazy-fox" and run.data.metrics["figures/nme"] == 3.5


def test_weights_of_no_run_say_so(measure, found):
    measure(3.0)
    assert "run-cache" in found()[0].data.tags["weights_from"]


def test_a_killed_stage_leaves_what_it_told(tracked, found):
    program = """
        import os, signal, sys
        sys.path.insert(0, os.getcwd())
        from pathlib import Path
        from dataclasses import replace
        from keypoints.settings import params
        from keypoints.tracking import runs
        from tests.tracking.conftest import FACES, PART, Silent
        runs.Sender = Silent
        settings = replace(params.load(), parts={"nose": PART})
        with runs.training_run("nose", settings, Path("params.yaml"), FACES, "one") as run:
            run.epoch({"epoch": 1, "val_nme": 9.0})
            os.kill(os.getpid(), signal.SIGKILL)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True)
    assert done.returncode == -9, done.stderr
    (run,) = found()
    assert run.info.status == "KILLED" and run.data.metrics["training/val_nme"] == 9.0


@pytest.mark.parametrize("off", ["off", "OFF", "0", "no", " false "])
def test_it_can_be_turned_off(root, train, monkeypatch, off):
    monkeypatch.setenv("KEYPOINTS_TRACKING", off)
    before = sorted(root.iterdir())
    train()
    assert sorted(root.iterdir()) == before


def test_where_nothing_can_be_written_training_goes_on(root, train, monkeypatch, capsys):
    monkeypatch.setenv("DVC_ROOT", str(root / "nose.pt"))
    train()
    said = capsys.readouterr().err
    assert said.startswith("warning: MLflow: ") and said.count("\n") == 1


def test_a_disk_that_fills_up_is_said_once(train, capsys, monkeypatch):
    def refuse(run):
        def write(self, event, **content):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(journal.Journal, "write", write)
        for _ in range(3):
            run.epoch({"epoch": 2})

    train(during=refuse)
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "No space left on device" in said


def test_a_process_that_fails_is_said_once_with_what_it_said(root, capsys):
    command = [sys.executable, "-c", "print('mlflow.db: it is locked'); raise SystemExit(1)"]
    sender = SENDER.__new__(SENDER)
    sender.said = False
    sender.process = subprocess.Popen(command, stdout=subprocess.PIPE)
    sender.wait(runs.LONGEST)
    sender.check()
    said = capsys.readouterr().err
    assert said == f"warning: MLflow: mlflow.db: it is locked; {runs.LATER}\n"


def test_a_stage_beside_its_process_leaves_a_model_in_mlflow(root, database, settings, monkeypatch):
    """All of it: the process follows the journal, and makes of the weights a model with a signature."""
    shutil.copyfile(database, root / store.DATABASE)
    warmed().save(root / "nose.pt")
    monkeypatch.setattr(runs, "Sender", SENDER)
    monkeypatch.setattr(runs, "LONGEST", 300)
    with runs.training_run("nose", settings, root / "tensors.npz", FACES, "one") as run:
        run.epoch({"epoch": 1, "val_nme": 9.0})
        run.weights(root / "nose.pt")
    target = store.connect(root)
    (run,) = target.search("")
    (model,) = run.outputs.model_outputs
    logged = target.client.get_logged_model(model.model_id)
    assert run.info.status == "FINISHED" and logged.source_run_id == run.info.run_id
    content = yaml.safe_load((root / f"mlartifacts/models/{model.model_id}/artifacts/MLmodel").read_text())
    assert "signature" in content and content["metadata"]["recipe"] == "blobs"
