"""The study of films, on a short one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from keypoints.reports.film_study import __main__ as film_study
from keypoints.synthetic import films


def test_a_row_for_each_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(films, "FILMS", {"still": films.still})
    monkeypatch.setattr(films, "SECONDS", 0.2)
    monkeypatch.setattr(film_study, "SEEDS", (1,))
    peer = tmp_path / "peer.py"
    peer.write_text('print(\'{"ms": 7, "faces": [[[[320, 200]]], [], [], [], []]}\')')
    monkeypatch.setattr(film_study.peers, "__file__", str(peer))
    film_study.main(sys.executable)
    rows = [line for line in film_study.OUT.read_text().splitlines() if line.startswith("| still")]
    assert [row.split("|")[2].strip() for row in rows] == [
        "keypoints",
        "without smoothing",
        "MediaPipe",
        "dlib, boxes",
    ]
    assert all("| 0.0% |" in row for row in rows[:2]) and all("| 7.0 | 80.0% |" in row for row in rows[2:])
