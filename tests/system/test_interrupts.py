"""Interrupted commands: one line or none, the exit status of a shell, nothing half-written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from keypoints.paths import ROOT

SLOW = """
import sys, time
from pathlib import Path
from keypoints import errors, files
def main():
    with files.whole("out.txt") as part:
        part.write_text("half")
        print("ready", flush=True)
        {then}
errors.run(main)
"""


def command(folder: Path, *words: str, **streams: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        text=True,
        **{
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "preexec_fn": heed_signals,
            **streams,
        },
    )


def heed_signals() -> None:
    """Also where the tests themselves run in the background or under nohup, which ignore these."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


@pytest.mark.parametrize(
    "number, says", [(signal.SIGINT, "stopped\n"), (signal.SIGTERM, ""), (signal.SIGHUP, "")]
)
def test_a_signal_leaves_nothing_half_written(number: signal.Signals, says: str, tmp_path: Path) -> None:
    done = command(tmp_path, "-c", SLOW.format(then="time.sleep(60)"))
    assert done.stdout.readline() == "ready\n"
    done.send_signal(number)
    assert done.communicate()[1] == says and done.returncode == 128 + number
    assert list(tmp_path.iterdir()) == []


def test_what_nohup_started_goes_on(tmp_path: Path) -> None:
    done = command(
        tmp_path, "-c", SLOW.format(then="sys.stdin.read()"), stdin=subprocess.PIPE, preexec_fn=ignore
    )
    assert done.stdout.readline() == "ready\n"
    done.send_signal(signal.SIGHUP)
    assert done.communicate("")[1] == "" and done.returncode == 0 and (tmp_path / "out.txt").exists()


def ignore() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


@pytest.mark.parametrize("wait", [0.15, 0.4, 0.8, 1.2])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_imports_are_interrupted_without_a_traceback(
    number: signal.Signals, wait: float, tmp_path: Path
) -> None:
    """A stage that imports torch; before `stages` itself is imported, Python alone answers."""
    started = "import stages, runpy; print('ready', flush=True); "
    done = command(tmp_path, "-c", started + "runpy.run_module('stages.train', run_name='__main__')")
    assert done.stdout.readline() == "ready\n"
    time.sleep(wait)
    done.send_signal(number)
    said = done.communicate()[1]
    assert "Traceback" not in said
    if done.returncode != 2:  # it was over already: no arguments
        assert done.returncode in (-number, 128 + number) and said in ("stopped\n", "")


DEAF = """
import time
print("ready", flush=True)
try:
    time.sleep(1)
except BaseException as error:  # as C++ code does, which then aborts or reports it as its own
    print("import failed", type(error).__name__)
"""
LAZY = """
from keypoints import errors
def main():
    try:
        from deaf import time
        print("went on")
    finally:
        print("ended")
errors.run(main)
"""


@pytest.mark.parametrize(
    "program, says", [("import stages\nimport deaf\nprint('went on')", ""), (LAZY, "ended\n")]
)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_import_is_not_interrupted_but_what_follows_is(
    number: signal.Signals, program: str, says: str, tmp_path: Path
) -> None:
    (tmp_path / "deaf.py").write_text(DEAF)
    done = command(tmp_path, "-c", program)
    assert done.stdout.readline() == "ready\n"
    done.send_signal(number)
    out, said = done.communicate()
    assert out == says and said == ("stopped\n" if number == signal.SIGINT else "")
    assert done.returncode in (-number, 128 + number)


@pytest.mark.parametrize(
    "words", [["--help"], ["--json", "--box", "1,1,20,20", "photo.png"]], ids=["help", "json"]
)
def test_a_reader_who_has_enough_causes_no_traceback(words: list[str], tmp_path: Path) -> None:
    Image.new("RGB", (40, 30)).save(tmp_path / "photo.png")
    reading, writing = os.pipe()
    os.close(reading)
    done = command(tmp_path, "-m", "keypoints", *words, stdout=writing)
    os.close(writing)
    assert done.communicate()[1] == "" and done.returncode == 128 + signal.SIGPIPE


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_disk_is_one_line(tmp_path: Path) -> None:
    with open("/dev/full", "w") as full:
        done = command(tmp_path, "-m", "keypoints", "--help", stdout=full)
        said = done.communicate()[1]
    assert said == "error: no space left while writing an output: free some and run again\n"
    assert done.returncode == 1
