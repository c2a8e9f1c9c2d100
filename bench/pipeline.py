"""The demo beside the sum of its trainings, and queued experiments with two workers beside one.

    python bench/pipeline.py

In a clone of the last commit, where nothing was made before; a quarter of an hour.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from keypoints import errors
from keypoints.paths import ROOT
from keypoints.reports import markdown
from keypoints.system.parallel import cores

RUNNING = "Running stage '"  # how DVC announces one
EXPERIMENTS = 4  # each with a rate of its own of the nose
DVC = (sys.executable, "-m", "dvc")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        run(ROOT, "git", "clone", "--quiet", str(ROOT), str(clone))
        run(clone, sys.executable, "-m", "keypoints.compose")
        run(clone, *DVC, "pull", "--quiet", "--remote", "shipped", "-R", "pretrained")
        stages = repro(clone)
        trainings = sum(seconds for name, seconds in stages if name.startswith("train@"))
        demo = sum(seconds for _, seconds in stages)
        nothing = timed(clone, *DVC, "repro", "--quiet")
        one, two = queue(clone, 1), queue(clone, 2)
    print(f"{len(stages)} stages, {cores()} cores\n")
    rows: list[list[markdown.Cell]] = [
        ["the demo", f"{demo:.0f}", f"{demo / trainings:.2f} of its trainings"],
        ["its trainings", f"{trainings:.0f}", "1.00"],
        ["the demo again, nothing to do", f"{nothing:.1f}", f"{nothing / demo:.3f} of the first time"],
        [f"{EXPERIMENTS} experiments, one worker", f"{one:.0f}", "1.00"],
        [f"{EXPERIMENTS} experiments, two workers", f"{two:.0f}", f"{one / two:.2f} times as fast"],
    ]
    print("\n".join(markdown.table(["", "seconds", "ratio"], rows)))


def repro(clone: Path) -> list[tuple[str, float]]:
    """Run the pipeline; each stage with its seconds, DVC's own work for it among them."""
    starts: list[tuple[str, float]] = []
    command = subprocess.Popen(
        [*DVC, "repro"], cwd=clone, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert command.stdout
    for line in command.stdout:
        if line.startswith(RUNNING):
            starts.append((line.removeprefix(RUNNING).partition("'")[0], time.perf_counter()))
    if command.wait():
        raise errors.UserError("dvc repro failed: run it to see why")
    ends = [when for _, when in starts[1:]] + [time.perf_counter()]
    return [(name, end - start) for (name, start), end in zip(starts, ends, strict=True)]


def queue(clone: Path, workers: int) -> float:
    """Seconds for a queue of trainings of the nose; everything else comes from the run-cache."""
    for number in range(1, EXPERIMENTS + 1):
        rate = f"nose.train.lr={number}.{workers}e-3"  # which no other queue had
        run(clone, *DVC, "exp", "run", "--quiet", "--queue", "-S", rate)
    return timed(clone, *DVC, "exp", "run", "--quiet", "--run-all", "--jobs", str(workers))


def timed(clone: Path, *command: str) -> float:
    start = time.perf_counter()
    run(clone, *command)
    return time.perf_counter() - start


def run(folder: Path, *command: str) -> None:
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    errors.run(main)
