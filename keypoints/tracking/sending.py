"""The process that brings journals to MLflow, beside the stage that writes one.

python -m keypoints.tracking.sending .tracking/<journal>

Without a journal it sends those that were left. Prints one line and exits with 1 where MLflow does not take
them: then they stay.
"""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import shutil
import signal
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from keypoints import paths
from keypoints.errors import UserError, printable
from keypoints.system import garbage
from keypoints.tracking import journal, store
from keypoints.tracking.sent_run import SentRun

LONGEST = 300  # seconds for one event: a server that answers drop by drop holds this process no longer


def send_kept(own: Path | None) -> None:
    """Send what earlier stages left, then the journal `own` that is still written, to its end.

    Raises `UserError` where MLflow does not take one; the others are sent.
    """
    with bounded(), garbage.resting():
        target = store.connect(paths.workspace().resolve())
    left = [path for path in journal.kept() if path != own and not journal.is_written(path)]
    refused = []
    for path in [*left, *([own] if own else [])]:
        try:
            with FileLock(path / "sender.lock", timeout=0):
                send(target, path)
                shutil.rmtree(path)
        except Timeout:  # another process sends it
            continue
        except UserError as error:
            refused.append(error)
    if refused:
        raise refused[0]


def send(target: store.Store, path: Path) -> None:
    """Bring a journal's events to MLflow as they come; twice does no harm. Raises `UserError`."""
    run, where = None, store.place()
    try:
        for event in journal.follow(path):
            with bounded():
                if event["event"] == "begin":
                    run = SentRun.begin(target, event)
                    with garbage.resting():
                        run.prepare()
                elif run:
                    run.take(event, path / "files")
        if run:
            with bounded():
                run.close()
    except Exception as error:  # SQLAlchemy's, requests', MLflow's own, whatever it is: the journal stays
        raise UserError(f"{where}: {store.explain(error)}") from None


@contextlib.contextmanager
def bounded() -> Iterator[None]:
    """End this process if the block takes too long, whatever it hangs in."""
    faulthandler.dump_traceback_later(LONGEST, exit=True)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


def main(own: Path | None) -> None:
    garbage.forget_at_exit()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the stage: what it wrote is still sent
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    try:
        send_kept(own)
    except UserError as error:
        print(printable(str(error)), flush=True)
        sys.exit(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
