"""One target under damaged files, in a process of its own: what hangs, crashes or grows is found."""

from __future__ import annotations

import io
import os
import random
import resource
import signal
import sys
import time
import warnings
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

from keypoints.errors import LONGEST, UserError, printable
from tests.torture.mutations import damaged
from tests.torture.targets import TARGETS

LIMIT = 20.0  # seconds for one input, on a busy machine
MEMORY = 4 * 2**30  # bytes that the process may map beyond what it has at its start


@dataclass
class Result:
    """How many inputs a target read, how many of them it refused, and its faults in words."""

    inputs: int = 0
    refused: int = 0
    slowest: float = 0.0
    faults: list[str] = field(default_factory=list)


def attack(name: str, seed: int, seconds: float, most: int, folder: Path) -> Result:
    """At most `most` inputs within `seconds`; the input that a fault came from stays in the folder."""
    context = get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=_work, args=(name, seed, seconds, most, folder, theirs))
    child.start()
    theirs.close()
    result = Result()
    try:
        while True:
            result = ours.recv()
    except EOFError:
        child.join()
    if child.exitcode:
        ended = signal.Signals(-child.exitcode).name if child.exitcode < 0 else f"status {child.exitcode}"
        result.faults.append(f"{ended} at input {result.inputs + 1}: {folder / name / 'input'}")
    return result


def _work(name: str, seed: int, seconds: float, most: int, folder: Path, results) -> None:
    target, here = TARGETS[name], folder / name
    here.mkdir(parents=True)
    os.chdir(here)
    warnings.simplefilter("ignore")
    sys.stderr = io.StringIO()  # warnings of what is left out
    whole = target.whole(here)
    for path in list(here.iterdir()):
        path.unlink()
    rng = random.Random(f"{seed} {name}")
    result, end = Result(), time.monotonic() + seconds
    for sample in whole:
        _read(target.read, here / "input", sample, result, whole=True)
    _bound_memory()
    for special in target.specials:
        _read(target.read, here / "input", special, result)
    while result.inputs < most and time.monotonic() < end and len(result.faults) < 5:
        _read(target.read, here / "input", damaged(rng.choice(whole), rng), result)
        results.send(result)
    results.send(result)


def _read(read, path: Path, data: bytes, result: Result, whole: bool = False) -> None:
    """Let the target read one input, and note what is not as it should be."""
    path.write_bytes(data)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # a hang ends the process
    signal.setitimer(signal.ITIMER_REAL, LIMIT)
    start, fault = time.monotonic(), ""
    try:
        read(path)
    except (UserError, ValueError) as error:
        said = str(error)
        result.refused += 1
        fault = f"a whole file is refused: {said}" if whole else ""
        if "\n" in said or not printable(said).isprintable() or len(printable(said)) > 12 * LONGEST:
            fault = f"not one line: {said[:100]!r}"
    except Exception as error:
        fault = f"{type(error).__name__}: {str(error)[:100]}"
    signal.setitimer(signal.ITIMER_REAL, 0)
    if left := [other.name for other in path.parent.iterdir() if other != path]:
        fault = fault or f"files are left: {left[:3]}"
    if fault:
        kept = path.parent.parent / f"{path.parent.name}-{result.inputs}"
        kept.write_bytes(data)
        result.faults.append(f"{fault} ({kept})")
    result.inputs += 1
    result.slowest = max(result.slowest, time.monotonic() - start)


def _bound_memory() -> None:
    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (mapped + MEMORY, mapped + MEMORY))
