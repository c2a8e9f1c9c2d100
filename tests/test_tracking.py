"""MLflow: one run a trained part, found again by its weights, and never in the way."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from keypoints import files, tracking
from keypoints.errors import UserError
from keypoints.reports import experiments, run_report
from tests.blobs import PART


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    monkeypatch.delenv("KEYPOINTS_TRACKING", raising=False)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv("DVC_EXP_NAME", raising=False)
    return tmp_path


def runs(root):
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{root / 'mlflow.db'}")
    experiment = client.get_experiment_by_name(tracking.EXPERIMENT)
    return client, client.search_runs([experiment.experiment_id])


def test_a_run_holds_all_there_is_to_know(root, tmp_path, monkeypatch):
    monkeypatch.setenv("DVC_EXP_NAME", "lazy-fox")
    (tmp_path / "nose.pt").write_bytes(b"weights")
    (tmp_path / "plots").mkdir()
    (tmp_path / "plots" / "curves.png").write_bytes(b"picture")
    with tracking.training_run("nose", PART, "print", {"epochs": 3}) as run:
        for epoch in (1, 2):
            run.metrics({"train_loss": 1 / epoch}, step=epoch)
        run.files(tmp_path / "nose.pt")
        run.tag(weights_sha256="abc")
    finished = tracking.finished_run("abc")
    finished.metrics({"nme": 3.5})
    finished.files(tmp_path / "plots")

    client, found = runs(root)
    (run,) = found
    assert run.info.status == "FINISHED" and run.info.run_name == "nose-blobs"
    expected = {"part": "nose", "recipe": "blobs", "dvc_experiment": "lazy-fox", "fingerprint": "print"}
    assert expected.items() <= run.data.tags.items()
    assert {
        "epochs": "3",
        "train.lr": "0.01",
        "data.crop_size": "[24, 24]",
    }.items() <= run.data.params.items()
    assert run.data.metrics == {"train_loss": 0.5, "nme": 3.5}
    assert [m.step for m in client.get_metric_history(run.info.run_id, "train_loss")] == [1, 2]
    assert sorted(f.path for f in client.list_artifacts(run.info.run_id)) == ["nose.pt", "plots"]


def test_a_killed_run_is_taken_up_and_a_failed_one_is_not(root):
    client, experiment = tracking.connect()
    killed = client.create_run(experiment, tags={"fingerprint": "one"})
    with tracking.training_run("nose", PART, "one", {}) as run:
        assert run.run_id == killed.info.run_id
    with pytest.raises(ZeroDivisionError), tracking.training_run("nose", PART, "two", {}):
        raise ZeroDivisionError
    with tracking.training_run("nose", PART, "two", {}):
        pass
    statuses = sorted(run.info.status for run in runs(root)[1])
    assert statuses == ["FAILED", "FINISHED", "FINISHED"]


def test_an_experiments_time_and_failure_are_found_again(root, tmp_path, monkeypatch):
    monkeypatch.setenv("DVC_EXP_NAME", "lazy-fox")
    with (
        pytest.raises(UserError),
        tracking.training_run("nose", PART, "one", {}) as run,
    ):
        for epoch, seconds in ((1, 2.0), (2, 3.0), (2, 4.0)):  # the second was reported again after a kill
            run.metrics({"seconds": seconds}, step=epoch)
        raise UserError("the loss was no number\nany more")
    assert experiments.training_seconds("lazy-fox") == 6.0
    assert experiments.failure_reason("lazy-fox") == "the loss was no number any more"
    with tracking.training_run("nose", PART, "one", {}) as run:  # again, after the last checkpoint
        run.metrics({"seconds": 5.0}, step=3)
        (tmp_path / "nose.pt").write_bytes(b"weights")
        run.tag(weights_sha256=files.sha256(tmp_path / "nose.pt"))
    assert (
        experiments.training_seconds("lazy-fox")
        == experiments.training_seconds_of(tmp_path / "nose.pt")
        == 11.0
    )
    assert experiments.training_seconds("nobody") == 0 and "output" in experiments.failure_reason("nobody")
    monkeypatch.setenv("KEYPOINTS_TRACKING", "off")
    assert experiments.training_seconds("lazy-fox") == 0 and "output" in experiments.failure_reason(
        "lazy-fox"
    )


def test_results_note_how_long_the_weights_took(root, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("models").mkdir()
    Path("models/nose.pt").write_bytes(b"weights")
    Path("models/face.pt").write_bytes(b"from elsewhere")
    with tracking.training_run("nose", PART, "one", {}) as run:
        run.metrics({"seconds": 90.0}, step=1)
        run.tag(weights_sha256=files.sha256(Path("models/nose.pt")))
    Path("minutes.json").write_text('{"youtube": 3.0}')
    run_report.note_minutes(Path("minutes.json"), ["nose", "face"])
    assert json.loads(Path("minutes.json").read_text()) == {"youtube": 3.0, "nose": 1.5, "face": None}


def test_an_interrupted_run_is_taken_up(root):
    with pytest.raises(KeyboardInterrupt), tracking.training_run("nose", PART, "one", {}):
        raise KeyboardInterrupt
    with tracking.training_run("nose", PART, "one", {}):
        pass
    assert [run.info.status for run in runs(root)[1]] == ["FINISHED"]


def test_a_database_that_fails_later_is_reported_once(root, capsys):
    with tracking.training_run("nose", PART, "one", {}) as run:
        (root / "mlflow.db").write_bytes(b"spoilt" * 1000)
        for epoch in (1, 2, 3):
            run.metrics({"train_loss": 1.0}, step=epoch)
    assert capsys.readouterr().err.count("warning: no MLflow tracking") == 1


def test_weights_of_no_run_log_nothing(root):
    run = tracking.finished_run("never seen")
    run.metrics({"nme": 1.0})
    assert run.client is None


@pytest.mark.parametrize("off", ["off", "OFF", "0", "no"])
def test_it_can_be_turned_off(root, monkeypatch, off):
    monkeypatch.setenv("KEYPOINTS_TRACKING", off)
    with tracking.training_run("nose", PART, "one", {}) as run:
        run.metrics({"train_loss": 1.0})
        run.files(root)
    assert list(root.iterdir()) == []


def test_where_nothing_can_be_written_training_goes_on(root, monkeypatch, capsys):
    monkeypatch.setenv("DVC_ROOT", str(root / "a file"))
    (root / "a file").write_text("no folder")
    with tracking.training_run("nose", PART, "one", {}) as run:
        run.metrics({"train_loss": 1.0})
    assert run.client is None
    assert capsys.readouterr().err.startswith("warning: no MLflow tracking")


def test_processes_that_create_the_database_at_once_do_not_spoil_it(root):
    program = textwrap.dedent(
        """
        from keypoints import tracking
        from tests.blobs import PART
        import sys
        with tracking.training_run("nose", PART, sys.argv[1], {}) as run:
            assert run.client
        """
    )
    started = [subprocess.Popen([sys.executable, "-c", program, name]) for name in "ab"]
    assert [process.wait() for process in started] == [0, 0]
    assert len(runs(root)[1]) == 2
