"""Examples are the same, however many processes make them."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from keypoints.landmarks import AXIS, NOSE
from keypoints.settings.recipes import Augment
from keypoints.training.sampling import Examples, count_workers, load
from tests.blobs import PART, blob_faces
from tests.training.test_composition import SCENES, marked_faces

BATCHES = [[(0, 11), (3, 12)], [(1, 13)], [(2, 14), (2, 15), (0, 16)]]


@pytest.mark.filterwarnings("ignore:This DataLoader will create 8")
@pytest.mark.parametrize("scenes", [False, True], ids=["faces", "scenes"])
def test_the_same_bytes_for_every_number_of_workers(scenes):
    faces = marked_faces() if scenes else blob_faces()
    config = replace(PART.augment, noise=1.0) if not scenes else Augment(noise=1.0, scenes=SCENES)
    examples = Examples(config, AXIS if scenes else NOSE, faces)
    made = [list(load(examples, BATCHES, workers)) for workers in (0, 1, 2, 8)]
    assert [len(crops) for crops, _ in made[0]] == [2, 1, 3]
    for other in made[1:]:
        for (crops, points), (crops_too, points_too) in zip(made[0], other, strict=True):
            torch.testing.assert_close(crops, crops_too, rtol=0, atol=0)
            torch.testing.assert_close(points, points_too, rtol=0, atol=0, equal_nan=True)


def test_workers_take_the_cores_that_training_leaves():
    assert count_workers(10_000) == 0 <= count_workers(1) <= 8
