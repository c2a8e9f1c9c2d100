"""What a training keeps for pictures comes back as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from keypoints.errors import UserError
from keypoints.landmarks import AXIS, IBUG
from keypoints.settings.recipes import Augment
from keypoints.training import snapshots
from keypoints.training.sampling import Examples
from tests import nets
from tests.recipes import composed, noise

FACES = noise(nets.recipe(), train=6).only("train")


def examples(**augment: float) -> Examples:
    return Examples(Augment(**augment), IBUG, FACES)


def test_samples_are_what_training_sees(tmp_path: Path) -> None:
    turned = examples(rotate=30)
    snapshots.save(tmp_path / "kept.npz", [], snapshots.sample(turned, seed=5))
    kept = snapshots.load(tmp_path / "kept.npz", FACES)
    assert len(set(kept["faces"].tolist())) == snapshots.SAMPLES and kept["points"].shape == (0, 0, 2)
    for i, face in enumerate(kept["faces"]):
        crop, points = turned[face, 5 + i]
        np.testing.assert_array_equal(kept["seen"][i], crop)
        np.testing.assert_array_equal(kept["seen_points"][i], points)


def test_without_augmentation_they_are_the_faces_themselves() -> None:
    kept = snapshots.sample(examples(), seed=5)
    np.testing.assert_array_equal(kept["seen"], FACES.crops()[kept["faces"]])
    np.testing.assert_allclose(kept["seen_points"], FACES.points[kept["faces"]], atol=1e-4)


def test_few_faces_give_few_samples(tmp_path: Path) -> None:
    alone = FACES.take(np.array([3]))
    one = Examples(Augment(), IBUG, alone)
    snapshots.save(tmp_path / "kept.npz", [], snapshots.sample(one, seed=1))
    assert snapshots.load(tmp_path / "kept.npz", alone)["faces"].tolist() == [0]


def test_a_scenes_points_are_the_ends_of_its_faces_axes(tmp_path: Path) -> None:
    part = composed(tmp_path, "faces=best")
    faces = noise(part, train=6).only("train")
    scenes = Examples(part.augment, AXIS, faces)
    snapshots.save(tmp_path / "kept.npz", [], snapshots.sample(scenes, seed=5))
    kept = snapshots.load(tmp_path / "kept.npz", faces)
    _, first = scenes[kept["faces"][0], 5]
    np.testing.assert_array_equal(kept["seen_points"][0], first[:, :4].reshape(-1, 2))


@pytest.mark.parametrize(
    "change", [{"faces": [0, 9]}, {"seen": np.zeros((4, 5, 5, 1), np.uint8)}, {"faces": []}]
)
def test_what_does_not_fit_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    samples = snapshots.sample(examples(), seed=1)
    arrays = {key: np.asarray(value, samples[key].dtype) for key, value in change.items()}
    count = len(arrays.get("faces", samples["faces"]))
    cut = {key: value[:count] for key, value in (samples | arrays).items()}
    snapshots.save(tmp_path / "kept.npz", [], cut)
    with pytest.raises(UserError, match="of a training on other faces: run `dvc repro`"):
        snapshots.load(tmp_path / "kept.npz", FACES)
