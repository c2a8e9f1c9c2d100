"""Nets fit their codec, learn with all their weights and refuse what is wrong (see test_recipes too)."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from keypoints import models
from keypoints.errors import UserError
from keypoints.models import codecs
from keypoints.settings.recipes import Codec, Model

SMALL: dict[str, Any] = {"widths": [8, 12, 16], "blocks": 1, "lateral": 8}
VECTOR = Codec("coordinates", "l1", scale=100.0)
MAPS = Codec("heatmap", "cross_entropy", sigma=0.05, map_size=[12, 8])


def small(codec: Codec = VECTOR, channels: int = 1, size: tuple[int, int] = (48, 32), **options: Any):
    built = codecs.build(codec, 3, size)
    return models.build(Model("pyramid", SMALL | options), built, channels, size), built


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(48, 32), (37, 51), (80, 60), (9, 5)])
def test_odd_sizes_and_both_kinds_of_pictures(channels: int, size: tuple[int, int]) -> None:
    net, codec = small(channels=channels, size=size)
    found = codec.decode(net(torch.rand(2, channels, size[1], size[0])))
    assert found.shape == (2, 3, 2)
    # A mean of positions cannot lie outside of the crop.
    assert (found > -0.5).all() and (found < torch.tensor(size) - 0.5).all()


@pytest.mark.parametrize("size", [(48, 32), (45, 29)])
def test_maps_are_a_quarter_of_the_crop(size: tuple[int, int]) -> None:
    net, _ = small(MAPS, size=size)
    assert net(torch.rand(2, 1, size[1], size[0])).shape == (2, 3, 8, 12)


@pytest.mark.parametrize("codec", [VECTOR, MAPS], ids=["coordinates", "heatmap"])
def test_gradients_reach_every_parameter(codec: Codec) -> None:
    torch.manual_seed(0)
    net, built = small(codec, blocks=2)
    output = net(torch.rand(4, 1, 32, 48))
    built.loss(output, built.encode(torch.rand(4, 3, 2) * 30)).backward()
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None and torch.isfinite(parameter.grad).all(), name
        # The softmax takes the same from a whole map: what the head adds to one has no effect.
        assert name.endswith("head.bias") or parameter.grad.abs().max() > 0, name


def test_a_net_overfits_two_faces() -> None:
    torch.manual_seed(0)
    net, codec = small()
    crops, points = torch.rand(2, 1, 32, 48), torch.rand(2, 3, 2) * torch.tensor([40.0, 25.0]) + 4
    target = codec.encode(points)
    optimizer = torch.optim.Adam(net.parameters(), 3e-3)
    losses = []
    for _ in range(40):
        optimizer.zero_grad()
        loss = codec.loss(net(crops), target)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 3


def test_building_leaves_the_net_in_training_mode() -> None:
    assert small()[0].training


@pytest.mark.parametrize(
    "model, codec, words",
    [
        (Model("resnet1001", {}), VECTOR, r"model\.family: 'resnet1001'.*pyramid"),
        (Model("pyramid", SMALL | {"width": 3}), VECTOR, r"model\.options\.width:.*widths"),
        (Model("pyramid", SMALL | {"maps": 3}), VECTOR, r"model\.options\.maps:"),
        (Model("pyramid", {}), VECTOR, r"model\.options.*widths"),
        (Model("pyramid", SMALL | {"widths": []}), VECTOR, r"model\.options.*widths: those of one"),
        (Model("pyramid", SMALL | {"widths": 8}), VECTOR, r"model\.options"),
        (Model("pyramid", SMALL | {"blocks": "two"}), VECTOR, r"model\.options"),
        (Model("pyramid", SMALL), Codec("pca", "mse", components=2), r"model\.family: pyramid gives maps"),
        (Model("pyramid", SMALL), Codec("heatmap", "squared", sigma=0.1, map_size=[7, 8]), r"model: .*7"),
        *(
            (Model("pyramid", SMALL | wrong), VECTOR, r"model\.options")
            for wrong in (
                {"lateral": -1},
                {"lateral": 0},
                {"widths": [0]},
                {"widths": [-4, 8]},
                {"blocks": 0},
            )
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:Initializing zero-element tensors")
def test_what_does_not_fit_is_refused_by_its_key(model: Model, codec: Codec, words: str) -> None:
    with pytest.raises(UserError, match=words) as caught:
        models.build(model, codecs.build(codec, 3, (48, 32)), 1, (48, 32))
    assert "\n" not in str(caught.value)
