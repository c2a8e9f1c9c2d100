"""Starts the processes that train one net, or joins those that torchrun started; none outlives the run."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from torch.multiprocessing.spawn import ProcessException, start_processes

from keypoints.errors import UserError
from keypoints.system import interrupts
from keypoints.training import processes
from keypoints.training.processes import ALONE

GRACE = 15.0  # seconds for the other processes to end by themselves, once one has ended
TORCHRUN = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")


def launch(count: int, work: Callable[..., None], *args: object) -> None:
    """Call `work(processes, *args)` in `count` processes of this machine; a single one is this process.

    Under torchrun, which started the processes, `count` is ignored. Raises what `work` raised in any of them,
    and `UserError` for a process that was killed, and for more processes than GPUs.
    """
    if all(name in os.environ for name in TORCHRUN):
        rank, size, local, beside = (int(os.environ[name]) for name in TORCHRUN[:4])
        with processes.join(rank, size, local, beside, "env://") as joined:
            work(joined, *args)
    elif count == 1:
        work(ALONE, *args)
    else:
        processes.check_devices(count)
        with tempfile.TemporaryDirectory() as folder:
            _start(count, Path(folder), work, args)


def _start(count: int, folder: Path, work: Callable[..., None], args: tuple[object, ...]) -> None:
    """Start all processes and wait until they have ended; they find each other by a file in `folder`."""
    logging.getLogger("torch.multiprocessing.spawn").setLevel(logging.ERROR)
    failures = multiprocessing.get_context("spawn").SimpleQueue()
    try:
        context = start_processes(_work, (count, folder, failures, work, args), count, join=False)
        while not context.join(grace_period=GRACE):
            pass
    except ProcessException as ended:
        if not failures.empty():
            raise failures.get() from None
        for number, process in enumerate(context.processes, 1):
            if process.exitcode in (-signal.SIGKILL, -signal.SIGSEGV, -signal.SIGABRT, -signal.SIGBUS):
                name = signal.Signals(-process.exitcode).name
                raise UserError(
                    f"process {number} of {count} was ended by {name}, which is what a full memory does: "
                    "run again, and training goes on"
                ) from None
        raise UserError(f"{ended}: run again, and training goes on") from None
    finally:
        _end(multiprocessing.active_children())


def _work(
    rank: int, count: int, folder: Path, failures: Any, work: Callable[..., None], args: tuple[object, ...]
) -> None:
    """The main function of a started process; it passes on what `work` raised through `failures`."""
    interrupts.expect()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # torch sends it when the parent has died
    with processes.join(rank, count, rank, count, f"file://{folder}/meeting") as joined:
        try:
            work(joined, *args)
        except KeyboardInterrupt:
            sys.exit(interrupts.STOPPED)
        except (UserError, OSError, MemoryError) as error:
            failures.put(error)
            sys.exit(1)
        except Exception:
            failures.put(RuntimeError(traceback.format_exc()))
            sys.exit(1)


def _end(running: list[BaseProcess]) -> None:
    """Terminate what is still running, and kill what does not react."""
    for process in running:
        process.terminate()
    for process in running:
        process.join(GRACE)
        if process.is_alive():
            process.kill()
            process.join()
