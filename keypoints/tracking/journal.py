"""What a stage records of its run, on disk until MLflow has it: one folder per run in `.tracking/`.

A folder holds `events.jsonl`, one event per line, and `files/`, copies of the files that belong to events.
The stage that writes a journal holds one lock, the process that sends it another. So the journal of a killed
stage is known to be complete, and no journal is sent by two processes at once. Sending twice does no harm.
"""

from __future__ import annotations

import json
import shutil
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from keypoints import paths

Event = dict[str, Any]  # event: its kind; time: milliseconds; and what the kind needs


def folder() -> Path:
    """Where the journals of this checkout lie, also for an experiment in a folder of its own."""
    return paths.workspace().resolve() / ".tracking"


def kept() -> list[Path]:
    """The journals that MLflow does not have yet, oldest first."""
    return sorted(path for path in folder().glob("*-*") if (path / "events.jsonl").is_file())


class Journal:
    """A journal being written. Every method raises OSError where the disk refuses."""

    def __init__(self) -> None:
        self.path = folder() / f"{time.time_ns()}-{uuid.uuid4().hex[:6]}"
        (self.path / "files").mkdir(parents=True)
        self.lock = FileLock(self.path / "writer.lock")
        self.lock.acquire(timeout=0)
        self.events = open(self.path / "events.jsonl", "a", encoding="utf-8")  # noqa: SIM115 # until `close`

    def write(self, event: str, **content: Any) -> None:
        """Add an event; it is on disk when this returns, and outlives this process."""
        line = {"event": event, "time": time.time_ns() // 1_000_000, **content}
        self.events.write(json.dumps(line) + "\n")
        self.events.flush()

    def copy(self, path: Path) -> None:
        """Keep a file, or a folder with what is in it, as it is now."""
        target = self.path / "files" / path.name
        if path.is_dir():
            shutil.copytree(path, target, dirs_exist_ok=True)
        else:
            shutil.copyfile(path, target)

    def close(self) -> None:
        self.events.close()
        self.lock.release()


def is_written(path: Path) -> bool:
    """Whether a stage still writes this journal."""
    try:
        with FileLock(path / "writer.lock", timeout=0):
            return False
    except Timeout:
        return True


def follow(path: Path, pause: float = 0.05) -> Iterator[Event]:
    """The events of a journal, those to come as well, until its writer has ended or died."""
    with open(path / "events.jsonl", encoding="utf-8") as file:
        rest = ""
        while True:
            alive = is_written(path)  # checked before reading, so that the last events are not missed
            *lines, rest = (rest + file.read()).split("\n")
            yield from map(json.loads, lines)
            if not alive:
                return
            time.sleep(pause)
