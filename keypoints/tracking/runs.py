"""What a stage records of its run: epochs, figures, weights, pictures, and how it ended."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keypoints import errors, files
from keypoints.settings.params import Params, leaves
from keypoints.system import git
from keypoints.tracking.journal import Journal, kept

if TYPE_CHECKING:
    import pandas as pd

    from keypoints.datasets.tensors import Faces

FIGURES, EPOCHS = "figures", "training"  # groups of metrics: of the held-out faces, and of each epoch
LATER = "what it has not taken is kept in .tracking/ and sent by the next run, or by make ui"
LONGEST = 10  # seconds that a stage waits for MLflow when its own work is done


class Run:
    """Records a stage's run in a journal; without one, nothing is recorded."""

    def __init__(self, journal: Journal | None = None) -> None:
        self.journal = journal
        self.sender = Sender(journal.path) if journal else None

    def _write(self, call: Callable[[Journal], object]) -> None:
        try:
            if self.journal:
                call(self.journal)
            if self.sender:
                self.sender.check()
        except OSError as error:
            warn(f"{error.strerror or error}: this run is not tracked any more")
            self.journal = None

    def begin(self, kind: str, name: str, settings: Params, data: Path, faces: Faces, **more: Any) -> None:
        if self.journal:
            known = {"tensors": str(data), "data": files.digest(data, "md5")}
            counts = {"splits": Counter(faces.split.tolist())}
            facts = {"kind": kind, **describe(name, settings), **known, **counts, **more}
            self._write(lambda journal: journal.write("begin", **facts))

    def epoch(self, row: Mapping[str, float]) -> None:
        """The figures of an epoch, its number among them."""
        values = {key: value for key, value in row.items() if key != "epoch"}
        self._metrics(EPOCHS, values, int(row["epoch"]))

    def figures(self, values: Mapping[str, float]) -> None:
        """The figures of the held-out faces."""
        self._metrics(FIGURES, values)

    def _metrics(self, group: str, values: Mapping[str, float], step: int = 0) -> None:
        known = {f"{group}/{key}": value for key, value in finite(values).items()}
        self._write(lambda journal: journal.write("metrics", values=known, step=step))

    def pictures(self, folder: Path) -> None:
        self._keep("pictures", folder)

    def weights(self, path: Path) -> None:
        """The weights that the run gave: MLflow makes a model to serve of them."""
        self.tag(weights=files.digest(path, "md5"))
        self._keep("model", path)

    def _keep(self, event: str, path: Path) -> None:
        """Record an event with a copy of its file or folder, since the original may change or go."""
        self._write(lambda journal: journal.copy(path))
        self._write(lambda journal: journal.write(event, name=path.name))

    def tag(self, **tags: str) -> None:
        self._write(lambda journal: journal.write("tags", values=tags))

    def end(self, status: str) -> None:
        """Record how the run ended, and wait until MLflow has it, for a few seconds at most."""
        self._write(lambda journal: journal.write("end", status=status))
        self.close()

    def close(self) -> None:
        if self.journal:
            with suppress(OSError):
                self.journal.close()
        if self.sender:
            self.sender.wait(LONGEST)


class Sender:
    """A process beside the stage that sends journals to MLflow, and prints one line if that fails."""

    def __init__(self, *journal: Path) -> None:
        self.said = False
        command = [sys.executable, "-m", "keypoints.tracking.sending", *map(str, journal)]
        nothing = subprocess.DEVNULL  # hides MLflow's progress bars and tracebacks
        self.process = subprocess.Popen(command, stdin=nothing, stdout=subprocess.PIPE, stderr=nothing)

    def check(self) -> None:
        """Warn once if sending failed."""
        if self.process.poll() and not self.said:
            assert self.process.stdout
            text = self.process.stdout.read().decode(errors="replace").strip() or "its process was killed"
            warn(f"{text}; {LATER}")
            self.said = True

    def wait(self, seconds: int) -> None:
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            warn(f"not done in {seconds} seconds; {LATER}")
            self.said = True
        self.check()


def send_kept(seconds: int = LONGEST) -> None:
    """Send to MLflow what could not be sent before, if anything; wait for that no longer than `seconds`."""
    if kept():
        Sender().wait(seconds)


def warn(text: str) -> None:
    errors.warn(f"MLflow: {text}")


def is_off() -> bool:
    return os.environ.get("KEYPOINTS_TRACKING", "").strip().lower() in ("off", "0", "no", "false")


def start() -> Run:
    """A new run; it records nothing where tracking is off or the disk refuses."""
    if is_off():
        return Run()
    try:
        return Run(Journal())
    except OSError as error:
        warn(f"{error.filename}: {error.strerror}: this run is not tracked")
        return Run()


@contextmanager
def training_run(name: str, settings: Params, data: Path, faces: Faces, fingerprint: str) -> Iterator[Run]:
    """The run of one training. One that was killed, or whose outputs DVC did not save, is resumed.

    `fingerprint` says which training it is; `faces` are those of the file `data`.
    """
    run = start()
    run.begin("training", name, settings, data, faces, fingerprint=fingerprint)
    try:
        yield run
    except Exception as error:
        run.tag(error=" ".join(str(error).split())[:250])
        run.end("FAILED")
        raise
    except BaseException:  # an interrupt: the next training resumes the run
        run.close()
        raise
    run.end("FINISHED")


@contextmanager
def measured_run(
    name: str, settings: Params, data: Path, faces: Faces, weights: Path, history: pd.DataFrame
) -> Iterator[Run]:
    """The run of these weights and settings, to add figures and pictures.

    It is a new one, with the `history`, where the weights are of another run or came from DVC's cache.
    """
    run = start()
    known = {"weights": files.digest(weights, "md5"), "history": to_rows(history)}
    run.begin("measuring", name, settings, data, faces, **known)
    run.weights(weights)
    try:
        yield run
    except BaseException:
        run.close()
        raise
    run.end("FINISHED")


def finite(values: Mapping[str, float]) -> dict[str, float]:
    return {key: float(value) for key, value in values.items() if math.isfinite(value)}


def to_figures(measured: Mapping[str, Any]) -> dict[str, float]:
    """What the evaluate stage measured, without the words beside it. Raises ValueError, TypeError."""
    return {str(key): float(value) for key, value in measured.items() if key != "nme_unit"}


def to_rows(history: pd.DataFrame) -> list[dict[str, float]]:
    return [finite({str(key): value for key, value in row.items()}) for row in history.to_dict("records")]


def describe(name: str, settings: Params) -> dict[str, Any]:
    """What is known of a part's run at its beginning."""
    part = settings.part(name)
    more = {"epochs": settings.epochs(name), "seed": settings.seed, "threads": settings.threads}
    return {
        "part": name,
        "recipe": part.recipe,
        "profile": settings.profile.name,
        "settings": dict(leaves({**asdict(part), **more})),
        "dataset": part.data.dataset,
        "experiment": os.environ.get("DVC_EXP_NAME", ""),
        "revision": os.environ.get("DVC_EXP_BASELINE_REV") or git.ask_quietly("rev-parse", "HEAD"),
        "branch": git.ask_quietly("branch", "--show-current"),
    }
