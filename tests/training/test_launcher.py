"""Processes that train together end together: one line, the status of a shell, and none is left."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from keypoints.errors import UserError
from keypoints.training.launcher import TORCHRUN, launch
from keypoints.training.processes import Processes
from tests.training import together

PROGRAM = """
import sys
from pathlib import Path
from keypoints import errors
from keypoints.training.launcher import launch
from tests.training import together
if __name__ == "__main__":
    errors.run(launch, 2, getattr(together, sys.argv[1]), Path(sys.argv[2]))
"""


def start(folder: Path, work: str) -> subprocess.Popen[str]:
    """A command whose two processes do this; SIGINT reaches it, also where tests run in the background."""
    script = folder / "program.py"
    script.write_text(PROGRAM)
    return subprocess.Popen(
        [sys.executable, str(script), work, str(folder)],
        env=together.environment(),
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def until(done, seconds: float = 90) -> None:
    limit = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < limit, "it never came"
        time.sleep(0.05)


def is_there(process: str) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("number, says", [("INT", "stopped\n"), ("TERM", ""), ("KILL", None)])
def test_a_signal_ends_all(number: str, says: str | None, tmp_path: Path) -> None:
    """One process of the two sleeps, the other waits for it in a sum."""
    running = start(tmp_path, "wait")
    until(lambda: len(list(tmp_path.glob("[0-9]*"))) == 2)
    kind = getattr(signal, f"SIG{number}")
    running.send_signal(kind)
    said = running.communicate(timeout=90)[1]
    assert running.returncode == (-kind if number == "KILL" else 128 + kind)
    assert says is None or said == says
    until(lambda: not any(is_there(path.name) for path in tmp_path.glob("[0-9]*")))


@pytest.mark.parametrize(
    "work, says",
    [
        ("refuse", "error: no such thing\n"),
        ("fall", "error: process 2 of 2 was ended by SIGKILL, which is what a full memory does"),
    ],
)
def test_the_end_of_one_is_one_line_of_all(work: str, says: str, tmp_path: Path) -> None:
    running = start(tmp_path, work)
    said = running.communicate(timeout=90)[1]
    assert said.startswith(says) and said.count("\n") == 1
    assert running.returncode == 1


def test_more_processes_than_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(UserError, match="devices: 3 are asked for, this machine has 2"):
        launch(3, print)


def test_one_process_is_this_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in TORCHRUN:
        monkeypatch.delenv(name, raising=False)
    seen: list[object] = []
    launch(1, lambda *told: seen.append(told), "and this")
    assert seen == [(Processes(), "and this")]
