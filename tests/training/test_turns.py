"""Trainings that share a computer's cores take turns."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

import pytest

from keypoints.training import turns

CORES = 2


@pytest.fixture(autouse=True)
def two_cores(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: CORES)


def run_side_by_side(folder, *threads: int) -> int:
    """How many of the trainings, with so many threads each, were ever under way at once."""
    at_once: list[int] = []
    under_way: set[int] = set()

    def train(number: int) -> None:
        mine = turns.Turns(threads[number], folder)
        for _ in range(3):
            with mine.hold():
                under_way.add(number)
                at_once.append(len(under_way))
                time.sleep(0.02)
                under_way.discard(number)

    running = [threading.Thread(target=train, args=[number]) for number in range(len(threads))]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join(timeout=30)
    assert len(at_once) == 3 * len(threads)
    return max(at_once)


def test_those_that_need_all_cores_run_one_after_the_other(tmp_path):
    assert run_side_by_side(tmp_path, 2, 2) == 1


def test_nobody_waits_for_cores_that_there_are_not(tmp_path):
    assert run_side_by_side(tmp_path, 5, 2) == 1


def test_as_many_run_at_once_as_there_are_cores(tmp_path):
    with turns.Turns(1, tmp_path).hold(), turns.Turns(1, tmp_path).hold():
        assert not turns._take([tmp_path / "0.lock", tmp_path / "1.lock"], 1, turns.ExitStack())


def test_a_killed_training_gives_its_cores_back(tmp_path):
    code = (
        "import sys, pathlib\n"
        "from keypoints.training import turns\n"
        f"turns.os.cpu_count = lambda: {CORES}\n"
        "with turns.Turns(2, pathlib.Path(sys.argv[1])).hold():\n"
        "    print('held', flush=True); sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == b"held\n"
        assert not turns._take([tmp_path / "0.lock"], 1, turns.ExitStack())
        holder.kill()
    with turns.Turns(2, tmp_path).hold():
        pass


def test_where_no_lock_can_be_written_nobody_waits(tmp_path):
    (tmp_path / "file").touch()
    nowhere = tmp_path / "file" / "cores"
    with turns.Turns(2, nowhere).hold(), turns.Turns(2, nowhere).hold():
        pass


def test_who_has_waited_long_enough_goes_on(tmp_path, monkeypatch):
    """As long as it has computed, and PATIENCE; then it does not wait for a training that was stopped."""
    monkeypatch.setattr(turns, "PATIENCE", 0.1)
    second = turns.Turns(2, tmp_path)
    with second.hold():
        time.sleep(0.2)
    assert second.patience == pytest.approx(0.3, abs=0.1)
    with turns.Turns(2, tmp_path).hold():
        with second.hold():
            pass
        started = time.monotonic()
        with second.hold():
            assert time.monotonic() - started < 0.2


def test_who_waits_long_is_told(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(turns, "QUIET", 0.0)
    run_side_by_side(tmp_path, 2, 2)
    assert "waiting for another training" in capsys.readouterr().err
