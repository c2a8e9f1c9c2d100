"""What git says, or nothing."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from keypoints.system import git


def test_git_is_asked_where_one_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    git.ask("init", "--quiet")
    assert git.ask_quietly("rev-parse", "--show-toplevel") == str(tmp_path.resolve())
    with pytest.raises(subprocess.CalledProcessError):
        git.ask("rev-parse", "--verify", "nothing")
    assert git.ask_quietly("rev-parse", "--verify", "nothing") == ""


def test_without_git_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert git.ask_quietly("status") == ""
