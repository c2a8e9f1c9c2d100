"""The training loop: deterministic, and able to resume where a killed run stopped.

No random state is carried from one epoch to the next: the order of the faces, the augmentation of each face
and the net's own randomness (dropout) are seeded by the seed, the epoch and the face. So a checkpoint after
an epoch needs only the net, the averaged net, the optimiser and the schedule.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from keypoints.datasets.tensors import Faces
from keypoints.errors import UserError, warn
from keypoints.landmarks import Scheme
from keypoints.landmarks import average as mean_of_marked
from keypoints.models.device import choose_device, make_deterministic
from keypoints.models.trained import Trained, to_input
from keypoints.settings import recipes
from keypoints.training import snapshots, transfer, turns
from keypoints.training.checkpoints import Checkpoint
from keypoints.training.norms import share_norms
from keypoints.training.processes import ALONE, Processes, split
from keypoints.training.sampling import Draw, Examples, count_workers, load
from keypoints.training.step import Step

Row = dict[str, float]  # one epoch's figures, a line of the history
KEPT = ("history", "seconds", "snapshots")  # lists that grow with the epochs and belong into the checkpoint


@dataclass
class Loop:
    """One training; `run` does it.

    faces:     of a part; those of the splits train and val are used
    report:    called with each finished epoch's row and the seconds that it took
    processes: those that train together; only the first one has a checkpoint, a history and a report
    """

    part: recipes.Part
    faces: Faces
    epochs: int
    seed: int
    threads: int
    checkpoint: Checkpoint | None = None
    report: Callable[[Row, float], None] = lambda row, seconds: None
    processes: Processes = ALONE
    history: list[Row] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    snapshots: list[snapshots.Snapshot] = field(default_factory=list)

    def __post_init__(self) -> None:
        size = self.part.data.crop_size
        if list(self.faces.size) != size:
            raise UserError(f"crops are of {self.faces.size}, data.crop_size is {size}: run `dvc repro -f`")
        self.train_faces, self.val_faces = self.faces.only("train"), self.faces.only("val")
        if not len(self.train_faces):
            raise UserError(f"data.split {self.part.data.split!r} leaves no face to train on")
        config = self.part.train
        if config.faces and config.faces < len(self.train_faces):
            drawn = np.random.default_rng(self.seed).permutation(len(self.train_faces))
            self.train_faces = self.train_faces.take(np.sort(drawn[: config.faces]))
        self.draws = config.draws or len(self.train_faces)
        self.batches = max(1, round(self.draws / config.batch))
        smallest, pieces = self.draws // self.batches, config.accumulate * self.processes.size
        if smallest < pieces:
            raise UserError(
                f"a batch of {smallest} faces cannot be computed in {pieces} pieces, devices times "
                "train.accumulate: raise train.batch, or lower these"
            )

    def run(self) -> Trained:
        """Train; afterwards `history` has one row per epoch, and `snapshots` those that the recipe names.

        Raises `UserError` if training diverges.
        """
        config, processes = self.part.train, self.processes
        make_deterministic(self.seed, processes.threads(self.threads))
        new = Trained.new(self.part, self.faces.scheme)
        if config.starts_from:
            transfer.start_from(config.starts_from, new, config.frozen)
        new.mean_shape = mean_of_marked(self.train_faces.points, 0)
        self._check_scheme(new)
        new.codec.fit(torch.from_numpy(self.train_faces.points))
        device = choose_device()
        new.model.to(device)
        if processes.size > 1:
            new.model = share_norms(new.model, device)
        step = Step(config, new, self.batches * self.epochs, processes)
        trained = replace(new, model=step.best)
        with processes.together():
            self._resume(step.state)
            self._train(step, new, trained)
        if processes.is_first:
            trained.measure_doubt(self.val_faces.crops())
        return trained

    def _train(self, step: Step, new: Trained, trained: Trained) -> None:
        """Train the remaining epochs."""
        config, processes, on_cpu = self.part.train, self.processes, step.device.type == "cpu"
        seen = self.val_faces if len(self.val_faces) else self.train_faces
        first = len(self.history)
        cores = turns.Turns(self.threads if on_cpu and processes.is_first else 0)
        pieces = self._seen(range(first, self.epochs), new.scheme, step.device)
        for epoch in range(first, self.epochs):
            row: Row = {"epoch": epoch + 1, "lr": float(step.schedule.get_last_lr()[0])}
            with cores.hold():
                started = time.perf_counter()
                row["train_loss"] = self._epoch(epoch, step, pieces)
                seconds = time.perf_counter() - started
                if not processes.is_first:
                    continue
                row |= self._validate(trained)
            if epoch in config.snapshots or (config.snapshots and epoch == self.epochs - 1):
                self.snapshots.append(snapshots.take(trained, seen, epoch))
            self._finish_epoch(row, step.state, seconds)

    def _check_scheme(self, new: Trained) -> None:
        """Warn if flips have no effect. Raises `UserError` for a point that no training face has."""
        unmarked = np.isnan(new.mean_shape).any(axis=1)
        if unmarked.any():
            name = new.scheme.names()[int(unmarked.argmax())]
            raise UserError(f"no training face has the point {name!r}: mark it, or choose another split")
        if self.part.augment.flip and not new.scheme.flips:
            warn(
                f"nothing says which points of {new.scheme.name} are partners, left and right: "
                "trained without flips"
            )

    def _epoch(self, epoch: int, step: Step, pieces: Iterator[tuple[Tensor, Tensor]]) -> float:
        """One pass over the training faces; returns its mean loss."""
        config = self.part.train
        step.model.train()
        if config.frozen:
            transfer.hold_still(step.model)
        torch.manual_seed(self.seed * 1_000_003 + epoch + self.processes.rank * 15_485_863)
        losses = []
        name = f"epoch {epoch + 1}/{self.epochs}"
        with tqdm(total=self.draws, desc=name, unit="img", leave=False, disable=None) as bar:
            for number in range(self.batches):
                losses.append(step(islice(pieces, config.accumulate)))
                bar.update(len(split(range(self.draws), number, self.batches)))
                bar.set_postfix(loss=f"{losses[-1]:.4g}")
        if not np.all(np.isfinite(losses)):
            raise UserError(f"the loss was not a number in epoch {epoch + 1}: lower train.lr")
        return float(np.mean(losses))

    def _draw(self, epochs: Iterable[int]) -> Iterator[list[Draw]]:
        """The batches, nearly equal in size, of these epochs: each has every face once, or `draws` faces."""
        for epoch in epochs:
            draws = self.draws
            rng = np.random.default_rng([self.seed, epoch])
            rounds = -(-draws // len(self.train_faces))
            order = np.concatenate([rng.permutation(len(self.train_faces)) for _ in range(rounds)])[:draws]
            seeds = rng.integers(0, 2**31, draws)
            for batch in np.array_split(np.arange(draws), self.batches):
                yield list(zip(order[batch].tolist(), seeds[batch].tolist(), strict=True))

    def _pieces(self, epochs: Iterable[int]) -> Iterator[list[Draw]]:
        """What this process computes in one go: its part of each piece of each batch."""
        pieces = self.part.train.accumulate
        for batch in self._draw(epochs):
            for number in range(pieces):
                yield list(self.processes.part(split(batch, number, pieces)))

    def _seen(
        self, epochs: Sequence[int], scheme: Scheme, device: torch.device
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """The pieces, augmented, as the net's input, and their points; both on `device`."""
        config, faces, by_device = self.part.augment, self.train_faces, self.part.train.augment == "device"
        workers = count_workers(self.threads) // self.processes.beside
        loader = load(Examples(config, scheme, faces, bare=by_device), self._pieces(epochs), workers)
        if not by_device:
            return ((to_input(crops, device), points.to(device)) for crops, points in loader)
        from keypoints.training.batch_augmentation import BatchAugmenter

        augment = BatchAugmenter(config, scheme, faces.size, faces.margin)
        seeds = (piece[0][1] for piece in self._pieces(epochs))
        made = zip(loader, seeds, strict=True)
        return (augment(canvases.to(device), points.to(device), seed) for (canvases, points), seed in made)

    def _validate(self, trained: Trained) -> Row:
        """The loss and NME, %, of the averaged net on the val split, without augmentation."""
        from keypoints.evaluation import metrics

        faces = self.val_faces
        if not len(faces):
            return {"val_loss": np.nan, "val_nme": np.nan}
        losses: list[float] = []
        found: list[np.ndarray] = []
        for output in trained.batches(faces.crops()):  # one at a time: large maps would fill the memory
            if not output.isfinite().all():
                raise UserError("the net's output is not a number: lower train.lr")
            done = sum(len(points) for points in found)
            points = torch.from_numpy(faces.points[done : done + len(output)]).to(output.device)
            losses.append(trained.codec.loss(output, trained.codec.encode(points)).item() * len(output))
            found.append(trained.codec.decode(output).cpu().numpy())
        loss = sum(losses) / len(faces)
        predicted = faces.in_image(np.concatenate(found))
        nme = metrics.nme(faces.in_image(faces.points), predicted, faces.eye_distance).mean()
        return {"val_loss": loss, "val_nme": float(nme)}

    def _resume(self, state: dict[str, Any]) -> None:
        saved = self.processes.from_first(self.checkpoint.read() if self.checkpoint else None)
        if saved:
            for name, owner in state.items():
                owner.load_state_dict(saved[name])
            for name in KEPT:
                getattr(self, name)[:] = saved[name]
            print(f"going on after epoch {len(self.history)}", file=sys.stderr)
            self.report(self.history[-1], self.seconds[-1])  # the killed run may not have got that far

    def _finish_epoch(self, row: Row, state: dict[str, Any], seconds: float) -> None:
        self.history.append(row)
        self.seconds.append(seconds)
        if self.checkpoint:
            content = {name: owner.state_dict() for name, owner in state.items()}
            self.checkpoint.write(content | {name: getattr(self, name) for name in KEPT})
        figures = [f"{key} {value:.4g}" for key, value in row.items() if key != "epoch"]
        figures.append(f"{self.draws / seconds:.0f} img/s")
        print(f"epoch {row['epoch']:3d}/{self.epochs}  {'  '.join(figures)}", file=sys.stderr)
        self.report(row, seconds)


def profile(part: recipes.Part, faces: Faces, seed: int, threads: int, trace: Path) -> None:
    """Profile five steps of a separate training by torch.profiler; `trace` is for chrome://tracing."""
    few = replace(part, train=replace(part.train, draws=5 * part.train.batch, snapshots=[]))
    trace.parent.mkdir(parents=True, exist_ok=True)
    with torch.profiler.profile() as profiler:
        Loop(few, faces.only("train"), 1, seed, threads).run()
    profiler.export_chrome_trace(str(trace))
    print(profiler.key_averages().table(sort_by="self_cpu_time_total", row_limit=10), file=sys.stderr)
