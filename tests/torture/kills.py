"""Stages that are killed at random moments: run again, they give the same bytes and leave nothing else."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import yaml

from keypoints.paths import ROOT

FACES = 40  # drawn for the small archive: a face per person at least
STAGES = {
    "download": ("stages.download", "imm", "--out", "imm"),
    "parse": ("stages.parse", "imm", "--archive", "imm", "--out", "imm.parquet"),
    "preprocess": (
        "stages.preprocess",
        "nose",
        "--table",
        "imm.parquet",
        "--archive",
        "imm",
        "--out",
        "nose.npz",
    ),
}


def attack(seed: int, seconds: float, folder: Path) -> tuple[int, list[str]]:
    """How many kills there were within `seconds`, and the faults that they showed, in words."""
    folder.mkdir()
    tree = yaml.safe_load((ROOT / "params.yaml").read_text())
    tree["profile"]["faces"]["imm"] = FACES
    (folder / "params.yaml").write_text(yaml.safe_dump(tree))
    rng, kills, faults = random.Random(seed), 0, []
    takes = {name: _timed(command, folder) for name, command in STAGES.items()}
    whole = _content(folder)
    end = time.monotonic() + seconds
    while time.monotonic() < end and not faults:
        name = rng.choice(list(STAGES))
        (folder / STAGES[name][-1]).unlink()
        for _ in range(rng.choice([1, 1, 2])):
            kills += _kill(STAGES[name], folder, rng.uniform(0.2, 1) * takes[name])
        if left := [
            key for key, value in _content(folder).items() if whole.get(key) != value and key[0] != "."
        ]:
            faults.append(f"{name}: half-written after a kill: {left}")
        _timed(STAGES[name], folder)
        if _content(folder) != whole:
            faults.append(f"{name}: other bytes, or litter, after a kill: {sorted(_content(folder))}")
    shutil.rmtree(folder)
    return kills, faults


def _start(command: tuple[str, ...], folder: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-m", *command]
    silent = subprocess.DEVNULL
    streams = {"stdout": silent, "stderr": silent}
    return subprocess.Popen(words, cwd=folder, env=environment, **streams, start_new_session=True)


def _timed(command: tuple[str, ...], folder: Path) -> float:
    start = time.monotonic()
    if _start(command, folder).wait():
        raise RuntimeError(f"{' '.join(command)} failed")
    return time.monotonic() - start


def _kill(command: tuple[str, ...], folder: Path, after: float) -> bool:
    """Whether the stage was still running when its process group was killed."""
    process = _start(command, folder)
    try:
        process.wait(after)
        return False
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return True


def _content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}
