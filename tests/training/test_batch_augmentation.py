"""On the device too, points follow their pixels, and a seed gives the same changes."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from keypoints.errors import UserError
from keypoints.landmarks import IBUG, NOSE
from keypoints.settings.recipes import Augment
from keypoints.training.batch_augmentation import BatchAugmenter
from keypoints.training.loop import Loop
from tests.blobs import PART, blob_faces
from tests.training.test_augmentation import EVERYTHING, HEIGHT, MARGIN, WIDTH, centroid, spot

SIZE = (WIDTH, HEIGHT)
BATCH = replace(EVERYTHING, perspective=0.0)


def random_batch(channels: int = 3, margin: int = MARGIN) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    shape = (5, HEIGHT + 2 * margin, WIDTH + 2 * margin, channels)
    canvases = torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator)
    return canvases, torch.rand((5, 68, 2), generator=generator) * torch.tensor(SIZE)


@pytest.mark.parametrize(
    "config",
    [
        pytest.param(Augment(), id="nothing"),
        pytest.param(Augment(flip=1.0), id="flip"),
        pytest.param(Augment(rotate=40.0), id="rotate"),
        pytest.param(Augment(scale=0.3), id="scale"),
        pytest.param(Augment(shift=[0.15, 0.1]), id="shift"),
        pytest.param(Augment(flip=0.5, rotate=25.0, scale=0.15, shift=[0.06, 0.06]), id="together"),
    ],
)
def test_a_spot_and_its_point_stay_together(config: Augment) -> None:
    random = np.random.default_rng(1)
    at = random.uniform((18, 16), (WIDTH - 19, HEIGHT - 17), (40, 2)).astype(np.float32)
    canvases = torch.from_numpy(np.stack([spot(x, y) for x, y in at]))
    crops, points = BatchAugmenter(config, NOSE, SIZE, MARGIN)(canvases, torch.from_numpy(at)[:, None], 3)
    assert crops.shape == (40, 1, HEIGHT, WIDTH)
    pixels = ((crops.permute(0, 2, 3, 1) + 0.5) * 255).numpy()
    inside = [k for k in range(40) if (np.abs(points[k, 0].numpy() - np.array(SIZE) / 2) < (22, 16)).all()]
    assert len(inside) > 10
    for k in inside:
        np.testing.assert_allclose(centroid(pixels[k]), points[k, 0], atol=0.15)
    assert (np.abs(points[:, 0].numpy() - at).max() > 1) == (config != Augment())


@pytest.mark.parametrize("channels", [1, 3])
def test_a_seed_gives_the_same_changes_and_leaves_other_randomness_alone(channels: int) -> None:
    config = replace(BATCH, grey=0.5) if channels == 3 else replace(BATCH, saturation=0.0, hue=0.0)
    augment = BatchAugmenter(config, IBUG, SIZE, MARGIN)
    canvases, points = random_batch(channels)
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    one, other, third = (augment(canvases, points, seed) for seed in (1, 1, 2))
    assert torch.rand(1) == expected
    for a, b in zip(one, other, strict=True):
        assert torch.equal(a, b)
    assert not torch.equal(one[0], third[0]) and not torch.equal(one[1], third[1])
    assert one[0].min() >= -0.5 and one[0].max() <= 0.5 and one[0].isfinite().all()


def test_a_flip_swaps_partners_and_twice_is_the_identity() -> None:
    augment = BatchAugmenter(Augment(flip=1.0), IBUG, SIZE, 0)
    canvases, points = random_batch(margin=0)
    crops, once = augment(canvases, points, 0)
    np.testing.assert_allclose(once[:, 0, 0], WIDTH - 1 - points[:, 16, 0], atol=1e-4)
    again, twice = augment(((crops + 0.5) * 255).round().byte().permute(0, 2, 3, 1), once, 0)
    torch.testing.assert_close(twice, points, atol=1e-3, rtol=0)
    torch.testing.assert_close(again, canvases.permute(0, 3, 1, 2).float() / 255 - 0.5)


def test_missing_points_stay_missing() -> None:
    canvases, points = random_batch()
    points[2, 7] = torch.nan
    _, moved = BatchAugmenter(replace(BATCH, flip=0.0), IBUG, SIZE, MARGIN)(canvases, points, 0)
    assert torch.equal(moved.isnan(), points.isnan())


@pytest.mark.parametrize("accumulate", [1, 2])
def test_a_training_on_the_device_learns_and_repeats_itself(accumulate: int) -> None:
    part = replace(PART, train=replace(PART.train, augment="device", accumulate=accumulate))
    one, other = Loop(part, blob_faces(), 3, 1, 1), Loop(part, blob_faces(), 3, 1, 1)
    weights = [loop.run().model.state_dict() for loop in (one, other)]
    assert one.history[-1]["train_loss"] < one.history[0]["train_loss"]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


@pytest.mark.parametrize("name, value", [("perspective", 0.1), ("jpeg", 0.5)])
def test_what_only_workers_can_do_is_refused(name: str, value: float) -> None:
    with pytest.raises(UserError, match=rf"augment\.{name} is for workers"):
        BatchAugmenter(Augment(**{name: value}), NOSE, SIZE, MARGIN)


def test_without_kornia_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kornia", None)
    with pytest.raises(UserError, match=r"pip install '\.\[gpu\]'"):
        BatchAugmenter(Augment(), NOSE, SIZE, MARGIN)
