"""What a DVC experiment left is found, and what the scorer prints is read."""

from __future__ import annotations

import pytest

from keypoints.errors import UserError
from keypoints.reports import experiments


def test_an_experiment_is_found_though_head_has_moved_on(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for key in ("GIT_AUTHOR", "GIT_COMMITTER"):
        monkeypatch.setenv(f"{key}_NAME", "nobody")
        monkeypatch.setenv(f"{key}_EMAIL", "nobody@localhost")
    experiments.git("init", "--quiet")
    made = []
    for minute in range(3):  # the second is the last one of this name
        monkeypatch.setenv("GIT_COMMITTER_DATE", f"2026-01-01T00:0{minute}:00Z")
        experiments.git("commit", "--quiet", "--allow-empty", "-m", "x")
        made.append(experiments.git("rev-parse", "HEAD").strip())
    for commit, baseline, name in zip(made, ("ab/12", "cd/34", "cd/34"), ("a", "a", "b"), strict=True):
        experiments.git("update-ref", f"refs/exps/{baseline}/{name}", commit)
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
