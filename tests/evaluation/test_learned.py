"""What a net has learned comes back from its file as it was."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from keypoints.errors import UserError
from keypoints.evaluation.learned import Learned
from keypoints.models.trained import Trained
from keypoints.settings.recipes import Codec, Model
from tests import nets
from tests.blobs import PART, blob_faces
from tests.recipes import noise


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    nets.build().save(tmp_path / "net.pt")
    return tmp_path / "net.pt"


def learned(net: Trained, weights: Path, count: int = 3) -> Learned:
    """Of the held-out faces, the last one has the least error, and the first none."""
    errors = np.array([np.nan, *range(count - 1, 0, -1)], np.float32)
    return Learned.of(net, weights, nets.crops(count), errors)


def test_comes_back(weights: Path, tmp_path: Path) -> None:
    net = nets.build()
    made = learned(net, weights)
    made.save(tmp_path / "learned.npz")
    again = Learned.load(tmp_path / "learned.npz", weights, 3, 68)
    for name in ("mean_shape", "middle", "components", "maps"):
        np.testing.assert_array_equal(getattr(again, name), getattr(made, name))
    for one, other in zip(again.filters, net.filters(), strict=True):
        np.testing.assert_array_equal(one, other)
    maps = net.maps(nets.crops(3)[2:])
    assert maps is not None and again.face == 2 and len(again.components) == 0
    np.testing.assert_array_equal(again.maps, maps[0])


def test_components_of_a_net_that_answers_in_them(weights: Path, tmp_path: Path) -> None:
    part = replace(
        PART,
        data=replace(PART.data, points="imm58"),
        codec=Codec("pca", "mse", components=3),
        model=Model("plain", {"channels": [4], "kernel": 3}),
    )
    faces = noise(part, train=8)
    torch.manual_seed(0)
    net = Trained.new(part)
    net.codec.fit(torch.from_numpy(faces.points))
    Learned.of(net, weights, faces.crops(), np.ones(len(faces))).save(tmp_path / "learned.npz")
    again = Learned.load(tmp_path / "learned.npz", weights, len(faces), 58)
    shapes = net.components()
    assert shapes is not None
    np.testing.assert_allclose(again.middle, shapes[0], rtol=1e-6)
    np.testing.assert_allclose(again.components, shapes[1], rtol=1e-6)
    assert len(again.maps) == 0 and len(again.filters) == 1


def test_where_no_face_has_a_point_any_face_is_the_best(weights: Path) -> None:
    assert Learned.of(nets.build(), weights, nets.crops(2), np.full(2, np.nan)).face == 0


def test_what_does_not_fit_is_refused(weights: Path, tmp_path: Path) -> None:
    file, other = tmp_path / "learned.npz", tmp_path / "other.pt"
    made = learned(nets.build(), weights)
    made.save(file)
    nets.build(seed=1).save(other)
    with pytest.raises(UserError, match=r"learned\.npz is not of the weights in .*other\.pt: run"):
        Learned.load(file, other, 3, 68)
    flat = replace(made, filters=[np.ones(3)])
    for wrong, faces, points in ((made, 2, 68), (made, 3, 58), (flat, 3, 68)):
        wrong.save(file)
        with pytest.raises(UserError, match="is of another part: run `dvc repro`"):
            Learned.load(file, weights, faces, points)
    blob_faces().save(file)
    with pytest.raises(UserError, match="damaged or of another kind"):
        Learned.load(file, weights, 3, 68)
