"""What a DVC experiment left is found, and what the scorer prints is read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from keypoints.errors import UserError
from keypoints.reports import experiments, run_report
from keypoints.system import git
from keypoints.tracking import sending


def test_an_experiment_is_found_though_head_has_moved_on(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for key in ("GIT_AUTHOR", "GIT_COMMITTER"):
        monkeypatch.setenv(f"{key}_NAME", "nobody")
        monkeypatch.setenv(f"{key}_EMAIL", "nobody@localhost")
    git.ask("init", "--quiet")
    made = []
    for minute in range(3):  # the second is the last one of this name
        monkeypatch.setenv("GIT_COMMITTER_DATE", f"2026-01-01T00:0{minute}:00Z")
        git.ask("commit", "--quiet", "--allow-empty", "-m", "x")
        made.append(git.ask("rev-parse", "HEAD").strip())
    for commit, baseline, name in zip(made, ("ab/12", "cd/34", "cd/34"), ("a", "a", "b"), strict=True):
        git.ask("update-ref", f"refs/exps/{baseline}/{name}", commit)
    assert experiments.find_commit("a") == made[1]
    experiments.delete("a")
    assert experiments.find_commit("b") == made[2]
    for name in ("a", "nothing"):
        with pytest.raises(UserError, match=name):
            experiments.find_commit(name)


def test_what_the_scorer_prints_is_read_or_refused_in_one_line(tmp_path):
    scorer, submission = tmp_path / "scorer.py", tmp_path / "kaggle.csv"
    scorer.write_text("print('estimated for the full 666 faces: 5.63 px')")
    assert experiments.parse_estimate(experiments.run_scorer(scorer, submission)) == 5.63
    scorer.write_text("raise SystemExit('no such line: 7')")
    with pytest.raises(UserError, match="refused the submission: no such line: 7"):
        experiments.run_scorer(scorer, submission)
    with pytest.raises(UserError, match="no estimate"):
        experiments.parse_estimate("5 faces\nscored")


def fail(run):
    run.epoch({"epoch": 2, "seconds": 3.0})
    run.epoch({"epoch": 2, "seconds": 4.0})  # reported again after a kill
    raise UserError("the loss was no number\nany more")


def test_an_experiments_time_and_failure_are_found_again(tracked, train, monkeypatch):
    monkeypatch.setenv("DVC_EXP_NAME", "lazy-fox")
    with pytest.raises(UserError):
        train(during=fail)
    sending.send_kept(None)
    assert experiments.training_seconds("lazy-fox") == 6.0
    assert experiments.failure_reason("lazy-fox") == "the loss was no number any more"
    train(during=lambda run: run.epoch({"epoch": 3, "seconds": 5.0}))  # again, after the last checkpoint
    sending.send_kept(None)
    assert experiments.training_seconds("lazy-fox") == 11.0
    assert experiments.training_seconds_of(tracked / "nose.pt") == 11.0
    assert experiments.training_seconds("nobody") == 0 and "output" in experiments.failure_reason("nobody")
    monkeypatch.setenv("KEYPOINTS_TRACKING", "off")
    assert experiments.training_seconds("lazy-fox") == 0


def test_a_store_of_no_use_is_a_warning_and_knows_nothing(tracked, capsys):
    (tracked / "mlflow.db").write_bytes(b"spoilt" * 1000)
    assert experiments.training_seconds("lazy-fox") == 0
    assert capsys.readouterr().err.count("warning: MLflow: mlflow.db: it is damaged") == 1


def test_results_note_how_long_the_weights_took(tracked, train, monkeypatch):
    train(during=lambda run: run.epoch({"epoch": 2, "seconds": 88.0}))
    sending.send_kept(None)
    monkeypatch.chdir(tracked)
    Path("models").mkdir()
    Path("nose.pt").rename("models/nose.pt")
    Path("models/face.pt").write_bytes(b"from elsewhere")
    Path("minutes.json").write_text('{"youtube": 3.0}')
    run_report.note_minutes(Path("minutes.json"), ["nose", "face"])
    assert json.loads(Path("minutes.json").read_text()) == {"youtube": 3.0, "nose": 1.5, "face": None}


def test_overrides_are_shown_without_their_part():
    made = ["face.train.init=models/face.pt", "+face.train.draws=9", "seed=face."]
    assert experiments.shorten(made, "face") == ["train.init=models/face.pt", "+train.draws=9", "seed=face."]
