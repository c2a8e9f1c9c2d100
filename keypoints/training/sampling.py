"""Training examples, each augmented with its own seed, by worker processes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from keypoints.datasets.tensors import Faces
from keypoints.landmarks import Scheme
from keypoints.settings.recipes import Augment
from keypoints.training.augmentation import Augmenter
from keypoints.training.composition import Composer

Example = tuple[np.ndarray, np.ndarray]  # a crop (height, width, C) uint8, and what the codec encodes
Draw = tuple[int, int]  # which face, and the seed
AHEAD = 4  # batches that each process makes in advance


class Examples(Dataset[Example]):
    """Training examples, one per draw: a face, augmented as the recipe says, or a scene of several.

    bare: give canvases and points unchanged, for a device that augments them
    """

    def __init__(self, config: Augment, scheme: Scheme, faces: Faces, bare: bool = False) -> None:
        self.faces, self.bare = faces, bare
        self.compose = Composer(config, config.scenes, faces) if config.scenes else None
        self.augment = Augmenter(config, scheme, faces.size, faces.margin)

    def __getitem__(self, draw: Draw) -> Example:
        i, seed = draw
        if self.bare:
            return self.faces.images[i], self.faces.points[i]
        if self.compose:
            return self.compose(seed)
        return self.augment(self.faces.images[i], self.faces.points[i], seed)


def count_workers(threads: int) -> int:
    """How many processes make examples: one for each core that training leaves free, at most 8.

    With one process too many, training's threads wait for each other, at a tenth of the speed.
    """
    return min(8, max(0, (os.cpu_count() or 1) - threads))


def load(examples: Examples, batches: Iterable[list[Draw]], workers: int) -> Iterator[tuple[Tensor, Tensor]]:
    """The batches in their order, crops (N, height, width, C) uint8 and points, as tensors.

    `workers` processes make them, or this one for 0; their number does not change a byte.
    """
    return iter(
        DataLoader(
            examples,
            batch_sampler=batches,
            num_workers=workers,
            collate_fn=stack,
            worker_init_fn=start_worker,
            prefetch_factor=AHEAD if workers else None,
        )
    )


def stack(made: list[Example]) -> tuple[Tensor, Tensor]:
    """Examples as one batch."""
    crops, points = zip(*made, strict=True)
    return torch.from_numpy(np.stack(crops)), torch.from_numpy(np.stack(points))


def start_worker(_: int) -> None:
    """One thread per process: pictures are small."""
    cv2.setNumThreads(0)
