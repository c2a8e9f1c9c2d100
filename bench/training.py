"""How well a training is fed, and what a step is made of.

    python bench/training.py [PART]

Prints ratios, in one run on one machine, of a part whose tensors `dvc repro` has brought: the training as it
is, beside one that sees the same batch again and again, beside the net alone, forth and back, and beside two
processes that share its threads, or have a GPU each (`devices: 2`). Then how many faces a second reach a
device that needs 0.05 ms for each, changed by processes beside it, or bare (`train.augment: device`).
"""

from __future__ import annotations

import argparse
import itertools
import platform
import resource
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import torch
from torch import Tensor

from keypoints import errors, paths
from keypoints.datasets import tensors
from keypoints.landmarks import SCHEMES
from keypoints.models.device import autocast, choose_device
from keypoints.models.trained import Trained, to_input
from keypoints.reports import markdown
from keypoints.settings import params
from keypoints.system.parallel import cores
from keypoints.training import loop, sampling
from keypoints.training.launcher import launch
from keypoints.training.processes import ALONE, Processes

EPOCHS = 3  # of which the quickest counts
IMAGES = 1_000  # of each, roughly
FAST = 5e-5  # seconds that a fast device needs for a face, forth and back


def main(name: str) -> None:
    settings = params.load()
    part = settings.part(name)
    part = replace(part, train=replace(part.train, draws=IMAGES, snapshots=[], init=None))
    faces = tensors.load(paths.tensors(name))
    faces = faces.take(faces.split != "val")  # nothing to validate between the epochs
    threads = settings.threads_of(name)
    fed = train(part, faces, threads)

    def again(examples: loop.Examples, batches: Iterator[list[loop.Draw]], workers: int) -> Iterator[tuple]:
        return itertools.repeat(next(load(examples, batches, 0)))

    load = loop.load
    with patch.object(loop, "load", again):
        cached = train(part, faces, threads)
    bare = forth_and_back(part, faces, threads)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "speed"
        launch(2, train_together, part, faces, threads, file)
        together = float(file.read_text())
    reached = [feed_fast_device(part, faces, bare) for bare in (False, True)]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    versions = f"Python {platform.python_version()}, torch {torch.__version__}"
    size = "x".join(map(str, part.data.crop_size))
    print(
        f"{name}, batches of {part.train.batch} crops of {size}; {threads} of {cores()} cores, {versions}\n"
    )
    rows: list[list[markdown.Cell]] = [
        [what, f"{speed:.0f}", f"{fed / speed:.2f}"]
        for what, speed in (
            ("training", fed),
            ("one batch, made once", cached),
            ("the net alone", bare),
            ("two processes", together),
        )
    ]
    print("\n".join(markdown.table(["", "img/s", "training's part of it"], rows)))
    rows = [
        [what, f"{speed:.0f}", f"{speed * FAST:.2f}"]
        for what, speed in zip(("changed by processes", "bare"), reached, strict=True)
    ]
    print("\n".join(["", *markdown.table(["to a fast device", "img/s", "of what it could take"], rows)]))
    print(f"\nat most {memory:.0f} MiB in memory, the processes that make examples aside")


def train(part: loop.recipes.Part, faces: tensors.Faces, threads: int, processes: Processes = ALONE) -> float:
    """Images per second of the quickest epoch."""
    training = loop.Loop(part, faces, EPOCHS, 0, threads, processes=processes)
    training.run()
    return training.draws / min(training.seconds, default=float("inf"))


def train_together(
    processes: Processes, part: loop.recipes.Part, faces: tensors.Faces, threads: int, file: Path
) -> None:
    """As `train`; the first process writes down how fast it was."""
    speed = train(part, faces, threads, processes)
    if processes.is_first:
        file.write_text(str(speed))


def forth_and_back(part: loop.recipes.Part, faces: tensors.Faces, threads: int) -> float:
    """Images per second of output, loss and gradients, without anything else."""
    torch.set_num_threads(threads)
    trained, device, count = Trained.new(part, faces.scheme), choose_device(), part.train.batch
    model = trained.model.to(device).train()
    batch = torch.from_numpy(faces.crops()[:count].copy())
    target: Tensor = trained.codec.encode(torch.from_numpy(faces.points[:count]).to(device))
    quickest = float("inf")
    for _ in range(EPOCHS):
        start = time.perf_counter()
        for _ in range(max(1, IMAGES // count)):
            with autocast(part.train.precision, device):
                output = model(to_input(batch, device))
            trained.codec.loss(output.float(), target).backward()
        quickest = min(quickest, time.perf_counter() - start)
    return max(1, IMAGES // count) * count / quickest


def feed_fast_device(part: loop.recipes.Part, faces: tensors.Faces, bare: bool) -> float:
    """Images per second that reach a device which leaves all cores to the processes that make examples."""
    scheme = faces.scheme or SCHEMES[part.data.points]
    examples = sampling.Examples(part.augment, scheme, faces.only("train"), bare)
    size = part.train.batch
    batches = [[(i % len(examples.faces), i) for i in range(n, n + size)] for n in range(0, 4 * IMAGES, size)]
    made = sampling.load(examples, batches, sampling.count_workers(0))
    next(made)  # the processes have started
    start = time.perf_counter()
    for crops, _ in made:
        time.sleep(FAST * len(crops))
    return (len(batches) - 1) * size / (time.perf_counter() - start)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=errors.summary(__doc__))
    parser.add_argument("part", nargs="?", default="landmarks")
    errors.run(main, parser.parse_args().part)
