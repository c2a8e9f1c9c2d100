"""Commands that are killed at random moments: run again, they give the same bytes and leave nothing else.

`dvc repro`, `make compose`, and the commands of the stages that dvc.yaml has for the nose, on a small data
set, in a copy of the project. A kill ends the whole process group; half of them strike when a file has just
changed. `dvc repro` starts without outs, cache and runs each time, has to end with one finished run in a
whole database, and comes after `make mend`, as in `make repro`; the other commands are just run again.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.checkout import copy_project, environment, run

PART = "nose"
SMALL = ("profile.faces.imm=40", f"profile.max_epochs.{PART}=3", "threads=1")  # a face per person at least
DATA = ("download@imm", "parse@imm", f"preprocess@{PART}")
REPRO, COMPOSE = "dvc repro", "compose"
TARGETS = (f"render@{PART}", f"collection@{PART}")
STAGES = (*DATA, f"train@{PART}", f"evaluate@{PART}", *TARGETS)
WATCHED = (
    "data",
    "models",
    "metrics",
    "plots",
    ".checkpoints",
    ".tracking",
    ".dvc/tmp",
    ".dvc/cache/files",
    ".",
)
OF_DVC = (".git/", ".dvc/tmp/", ".dvc/cache/")  # what differs from run to run, or is compared by other means
OF_RUNS = ("mlflow.db", "mlartifacts", ".tracking")


@dataclass(frozen=True)
class Command:
    words: Sequence[str]
    outs: tuple[str, ...]  # removed before it runs


class Checkout:
    """A copy of the project in which the commands have run once."""

    def __init__(self, folder: Path, commands: Iterable[str]) -> None:
        self.folder = copy_project(folder)
        compose = [sys.executable, "-m", "keypoints.compose", *SMALL]
        run(folder, *compose)
        self.commands = self._list_commands() | {COMPOSE: Command(compose, ("params.yaml",))}
        wanted = list(commands)
        self.takes: dict[str, tuple[float, int]] = {}  # seconds, and changes of files
        for name in STAGES:
            if name in wanted or REPRO in wanted:
                self._clear(name)
                self.takes[name] = self._run(name)
        for name in (REPRO, COMPOSE):
            if name in wanted:
                self._clear(name)
                self.takes[name] = self._run(name)
        self.whole = self.content()

    def _list_commands(self) -> dict[str, Command]:
        """What dvc.yaml says for the stages, and `dvc repro` of them all."""
        from dvc.repo import Repo

        with Repo(str(self.folder)) as repo:
            stages = {
                stage.name: stage for stage in repo.index.stages if getattr(stage, "name", "") in STAGES
            }
            listed = {
                name: Command(["sh", "-c", f"exec {stage.cmd}"], tuple(out.def_path for out in stage.outs))
                for name, stage in stages.items()
            }
        everything = (*(out for command in listed.values() for out in command.outs), ".dvc/cache", *OF_RUNS)
        return listed | {REPRO: Command(["dvc", "repro", *TARGETS], everything)}

    def content(self) -> dict[str, bytes]:
        """Every file but those of git, of DVC's own and of the runs."""
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        named = {path.relative_to(self.folder).as_posix(): path for path in files}
        return {
            name: path.read_bytes()
            for name, path in sorted(named.items())
            if not name.startswith(OF_DVC + OF_RUNS) and "__pycache__" not in name
        }

    def strike(self, name: str, rng: random.Random) -> int:
        """Kill the command a few times, run it to its end; how many kills there were."""
        self._clear(name)
        kills = sum(self._kill(name, rng) for _ in range(rng.choice([1, 2, 4])))
        if name == REPRO:
            run(self.folder, sys.executable, "-m", "keypoints.mend")
        self._run(name)
        return kills

    def faults(self, name: str) -> list[str]:
        """What is not as it should be after the command has ended, in words."""
        now = self.content()
        found = [
            f"{name}: {key}: other bytes, or litter, after a kill"
            for key in sorted(now.keys() | self.whole.keys())
            if now.get(key) != self.whole.get(key)
        ]
        return found + (check_runs(self.folder) if name == REPRO else [])

    def _clear(self, name: str) -> None:
        for out in self.commands[name].outs:
            path = self.folder / out
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)

    def _start(self, name: str) -> subprocess.Popen[bytes]:
        silent = subprocess.DEVNULL
        return subprocess.Popen(
            self.commands[name].words,
            cwd=self.folder,
            env=environment(),
            stdout=silent,
            stderr=silent,
            start_new_session=True,
        )

    def _run(self, name: str) -> tuple[float, int]:
        start, changes, process = time.monotonic(), 0, self._start(name)
        seen = self._state()
        while process.poll() is None:
            time.sleep(0.002)
            if (now := self._state()) != seen:
                seen, changes = now, changes + 1
        if process.returncode:
            raise RuntimeError(f"{name} ended with {process.returncode} in {self.folder}")
        return time.monotonic() - start, changes

    def _kill(self, name: str, rng: random.Random) -> bool:
        """Whether the command was still running when its process group was killed."""
        seconds, changes = self.takes[name]
        left = rng.randint(1, max(1, changes)) if rng.random() < 0.5 else -1
        until = time.monotonic() + (rng.uniform(0.05, 1) * seconds if left < 0 else 2 * seconds)
        process, seen = self._start(name), self._state()
        while process.poll() is None and time.monotonic() < until and left:
            if (now := self._state()) != seen:
                seen, left = now, left - 1
            else:
                time.sleep(0.001)
        if process.poll() is not None:
            return False
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return True

    def _state(self) -> list[int]:
        """Changes with every file that comes or goes in the folders where runs write."""
        paths = [self.folder / name for name in (*WATCHED, "dvc.lock", ".dvc/tmp/rwlock")]
        return [path.stat().st_mtime_ns if path.exists() else 0 for path in paths]


def check_runs(folder: Path) -> list[str]:
    """What is wrong with MLflow's database when all is sent."""
    end = time.monotonic() + 60
    while list((folder / ".tracking").glob("*")) and time.monotonic() < end:
        run(folder, sys.executable, "-m", "keypoints.tracking.sending")
    with sqlite3.connect(folder / "mlflow.db") as database:
        (whole,) = database.execute("PRAGMA integrity_check").fetchone()
        runs = database.execute("SELECT status FROM runs").fetchall()
    faults = [] if whole == "ok" else [f"{REPRO}: mlflow.db: {whole}"]
    return faults + ([] if runs == [("FINISHED",)] else [f"{REPRO}: runs: {runs}"])


def attack(
    seed: int, seconds: float, folder: Path, commands: Sequence[str] = (*STAGES, REPRO, COMPOSE)
) -> tuple[Counter[str], list[str]]:
    """How often each command was killed within `seconds`, and the faults that it showed, in words."""
    checkout = Checkout(folder, commands)
    rng, kills, faults = random.Random(seed), Counter[str](), list[str]()
    end = time.monotonic() + seconds
    while time.monotonic() < end and not faults:
        name = rng.choice(list(commands))
        try:
            kills[name] += checkout.strike(name, rng)
            faults = checkout.faults(name)
        except (RuntimeError, AssertionError) as error:  # it does not run any more
            faults = [f"{name}: {error}"]
    if not faults:
        shutil.rmtree(folder)
    return kills, faults
