"""Train one part; a run that was killed goes on from its last checkpoint.

python -m stages.train nose --data data/tensors/nose.npz --weights models/nose.pt --history … --snapshots …
torchrun --nproc-per-node 2 -m stages.train nose --data …
"""

from __future__ import annotations

import argparse
from pathlib import Path

from keypoints import errors, files, paths, tracking
from keypoints.datasets import tensors
from keypoints.settings import params
from keypoints.training import checkpoints, launcher, snapshots
from keypoints.training.loop import Loop, Row, profile
from keypoints.training.processes import Processes
from keypoints.training.sampling import Examples


def main(name: str, data: Path, weights: Path, history: Path, shots: Path) -> None:
    launcher.launch(params.load().devices, train, name, data, weights, history, shots)


def train(processes: Processes, name: str, data: Path, weights: Path, history: Path, shots: Path) -> None:
    """Train the part together with other processes, of which the first one writes."""
    settings = params.load()
    part = settings.part(name)
    epochs, threads = settings.epochs(name), settings.threads_of(name)
    faces = tensors.load(data)
    if not processes.is_first:
        Loop(part, faces, epochs, settings.seed, threads, processes=processes).run()
        return
    fingerprint = checkpoints.fingerprint(part, epochs, settings.seed, threads, data)
    folder = paths.workspace() / ".checkpoints"
    path = folder / f"{name}-{fingerprint[:12]}.pt"
    checkpoint = checkpoints.Checkpoint(path, fingerprint)
    checkpoint.sweep(f"*{name}-*.pt*")
    with tracking.training_run(name, settings, data, faces, fingerprint) as run:
        run.tag(devices=str(processes.size))
        if part.train.profile:
            trace = paths.workspace() / ".profiles" / f"{name}-{part.recipe}.json"
            profile(part, faces, settings.seed, threads, trace)
        loop = Loop(
            part,
            faces,
            epochs,
            settings.seed,
            threads,
            checkpoint,
            lambda row, seconds: run.epoch(row | {"seconds": seconds}),
            processes,
        )
        trained = loop.run()
        write_history(history, loop.history)
        examples = Examples(part.augment, trained.scheme, faces.only("train"))
        snapshots.save(shots, loop.snapshots, snapshots.sample(examples, settings.seed))
        trained.save(weights)
        run.weights(weights)
    checkpoint.remove()


def write_history(path: Path, rows: list[Row]) -> None:
    """One line per epoch; seven digits, so that the file reads well and repeats itself."""
    files.write_csv(path, list(rows[0]), ([f"{value:.7g}" for value in row.values()] for row in rows))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=errors.summary(__doc__))
    parser.add_argument("part")
    parser.add_argument("--data", type=Path, required=True, help="tensors of the part")
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--history", type=Path, required=True, help="figures of each epoch, CSV")
    parser.add_argument("--snapshots", type=Path, required=True, help="for pictures, npz")
    args = parser.parse_args()
    errors.run(main, args.part, args.data, args.weights, args.history, args.snapshots)
