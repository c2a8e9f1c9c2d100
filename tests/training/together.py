"""What two processes do together for test_processes.py; each writes what came out into files of its own."""

from __future__ import annotations

import json
import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from keypoints.errors import UserError
from keypoints.paths import ROOT
from keypoints.settings.recipes import Part
from keypoints.training.checkpoints import Checkpoint
from keypoints.training.loop import Loop
from keypoints.training.norms import SharedNorm
from keypoints.training.processes import Processes
from tests.blobs import PART, blob_faces
from tests.training.test_loop import OWN, pairs

EPOCHS = 3
UNEVEN = replace(PART.train, batch=5, ema=0.9)  # batches of 5 and 6: 32 faces
CASES = {
    "plain": replace(PART, train=UNEVEN),
    "pieces": replace(PART, train=replace(UNEVEN, accumulate=2)),
    "missing": replace(OWN, train=UNEVEN),  # points, in every other face
}


def environment() -> dict[str, str]:
    """Of a program that imports this module."""
    return os.environ | {"PYTHONPATH": str(ROOT)}


def train(part: Part, processes: Processes | None = None, **more: object) -> Loop:
    """A training of `EPOCHS`; its weights are in `trained`."""
    faces = pairs() if part.data.points == "all" else blob_faces()
    loop = Loop(part, faces, EPOCHS, seed=1, threads=1, processes=processes or Processes(), **more)
    loop.trained = loop.run()
    return loop


def train_all(processes: Processes, folder: Path) -> None:
    """Every case, and one that stops after an epoch and goes on."""
    for name, part in CASES.items():
        keep(train(part, processes), folder / name, processes)

    checkpoint = Checkpoint(folder / "checkpoint.pt", "same", pause=0) if processes.is_first else None
    Loop(CASES["plain"], blob_faces(), 1, 1, 1, checkpoint, processes=processes).run()
    keep(train(CASES["plain"], processes, checkpoint=checkpoint), folder / "resumed", processes)


def keep(loop: Loop, path: Path, processes: Processes) -> None:
    loop.trained.doubt = 0.0  # which the first process alone measures
    loop.trained.save(f"{path}-{processes.rank}.pt")
    if processes.is_first:
        Path(f"{path}.json").write_text(json.dumps(loop.history))


def normalise(processes: Processes, folder: Path) -> None:
    """Three of seven examples, or four, by a norm that is shared."""
    torch.save(run_norm(SharedNorm(2), processes.part(examples())), folder / f"norm-{processes.rank}.pt")


def examples() -> torch.Tensor:
    return torch.randn(7, 2, 3, 5, generator=torch.Generator().manual_seed(0)) * 3 + 100


def run_norm(norm: nn.BatchNorm2d, x: torch.Tensor) -> dict[str, torch.Tensor]:
    """Its output, the gradients of a sum over the examples, and its statistics."""
    x = x.clone().requires_grad_()
    made = norm.train()(x)
    (made * torch.linspace(0, 1, 15).view(3, 5)).square().sum().backward()
    gradients = {f"{name} grad": value.grad for name, value in [("x", x), *norm.named_parameters()]}
    return {"made": made.detach(), **gradients, **dict(norm.named_buffers())}


def all_work(processes: Processes, folder: Path) -> None:
    train_all(processes, folder)
    normalise(processes, folder)
    begun = Checkpoint(folder / "begun.pt", "same", pause=0) if processes.is_first else None
    Loop(
        CASES["plain"], blob_faces(), 1, 1, 1, begun, processes=processes
    ).run()  # for one process to go on with


def refuse(processes: Processes, folder: Path) -> None:
    """The second fails by what a person can fix, while the first waits for it."""
    if not processes.is_first:
        raise UserError("no such thing")
    with processes.together():
        processes.sum(torch.zeros(1))


def fall(processes: Processes, folder: Path) -> None:
    """The second is killed, while the first waits for it."""
    if not processes.is_first:
        os.kill(os.getpid(), signal.SIGKILL)
    with processes.together():
        processes.sum(torch.zeros(1))


def wait(processes: Processes, folder: Path) -> None:
    """For longer than anybody does: one asleep, the other for the first."""
    (folder / str(os.getpid())).touch()
    if processes.is_first:
        time.sleep(600)
    with processes.together():
        processes.sum(torch.zeros(1))
