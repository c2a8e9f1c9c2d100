"""Weights to start from: what is taken, what is new, what stands still."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from keypoints.errors import UserError
from keypoints.landmarks import Scheme
from keypoints.models.trained import Trained
from keypoints.settings.recipes import Codec, Model, Part
from keypoints.training import transfer
from keypoints.training.loop import Loop
from tests.blobs import PART, blob_faces

TWO = Scheme("two", {"all": (0, 1)}, (), (1, 0), None)
OWN = replace(PART, data=replace(PART.data, points="all"))
MAPS = replace(OWN, codec=Codec("heatmap", "cross_entropy", sigma=0.1, map_size=[6, 6]))


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of a net for one point."""
    path = tmp_path_factory.mktemp("weights") / "blobs.pt"
    torch.manual_seed(5)
    made = Trained.new(PART)
    made.model.train()(torch.rand(4, 1, 24, 24))
    made.save(path)
    return path


def weights(trained: Trained) -> dict[str, torch.Tensor]:
    return dict(transfer.bare(trained.model).state_dict())


@pytest.mark.parametrize("part", [OWN, MAPS], ids=["coordinates", "maps"])
def test_all_but_the_last_layer_is_taken(part: Part, file: Path) -> None:
    torch.manual_seed(1)
    new = Trained.new(part, TWO)
    before = {name: values.clone() for name, values in weights(new).items()}
    transfer.start_from(file, new, frozen=False)
    source = weights(Trained.load(file))
    for name, values in weights(new).items():
        expected = before if name.startswith("head.") else source
        assert torch.equal(values, expected[name]), name
    assert all(parameter.requires_grad for parameter in new.model.parameters())


def test_a_net_of_the_same_points_is_taken_whole(file: Path) -> None:
    new = Trained.new(PART)
    transfer.start_from(file, new, frozen=False)
    crops = blob_faces().crops()
    np.testing.assert_array_equal(new.points(crops), Trained.load(file).points(crops))


def test_a_frozen_trunk_stays_as_it_was(file: Path) -> None:
    """Weights and the norms' statistics, while the last layer learns."""
    faces = blob_faces()
    two = replace(faces, points=np.concatenate([faces.points, faces.points], axis=1), scheme=TWO)
    train = replace(OWN.train, init=str(file), frozen=True, ema=0.5)
    trained = Loop(replace(OWN, train=train), two, 2, seed=1, threads=1).run()
    source = weights(Trained.load(file))
    for name, values in weights(trained).items():
        assert name.startswith("head.") or torch.equal(values, source[name]), name
    fresh = Loop(replace(OWN, train=replace(train, epochs=1, lr=1e-9)), two, 1, seed=1, threads=1).run()
    assert not torch.equal(weights(trained)["head.weight"], weights(fresh)["head.weight"])


@pytest.mark.parametrize(
    "part",
    [
        replace(OWN, model=Model("pyramid", {"widths": [8, 12], "blocks": 1, "lateral": 8})),
        replace(OWN, data=replace(OWN.data, channels=3)),
        replace(OWN, model=Model("plain", {"channels": [4], "kernel": 3})),
    ],
    ids=["wider", "colour", "another family"],
)
def test_another_net_is_refused(part: Part, file: Path) -> None:
    with pytest.raises(UserError, match=r"train\.init: the net in .*blobs\.pt is another one") as error:
        transfer.start_from(file, Trained.new(part, TWO), frozen=False)
    assert "\n" not in str(error.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none\.pt is missing"):
        transfer.start_from(tmp_path / "none.pt", Trained.new(PART), frozen=False)
