"""Nets whose sizes are hostile are refused before they take memory or time."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest
import torch
from torch import nn

from keypoints.errors import UserError
from keypoints.models.bounds import bounded
from keypoints.models.trained import Trained
from keypoints.settings.recipes import Model, Part, validate
from tests.nets import recipe


@pytest.mark.parametrize(
    "family, options, says",
    [
        ("pyramid", {"widths": [8] * 10**5, "lateral": 8}, "more than 5000 layers"),
        ("pyramid", {"widths": [8, 8], "blocks": 10**6}, "more than 5000 layers"),
        ("pyramid", {"widths": [2**13, 2**13]}, "more than 500000000 weights"),
        ("pyramid", {"widths": [2**62]}, "model.options of pyramid"),
        ("unet", {"width": 2**14}, "more than 500000000 weights"),
    ],
    ids=["levels", "blocks", "widths", "overflow", "unet"],
)
def test_a_net_that_is_too_large_is_refused(family: str, options: dict, says: str) -> None:
    part: Part = replace(recipe(), model=Model(family, options))
    with pytest.raises(UserError, match=says) as error:
        Trained.new(part)
    assert "\n" not in str(error.value)


def test_work_is_bounded_before_it_is_done() -> None:
    net = nn.Conv2d(1, 2**15, 1)
    with bounded(), pytest.raises(ValueError, match="too large for crops of"):
        net(torch.zeros(1, 1, 2048, 2048))


def test_the_bounds_end_with_the_block() -> None:
    with bounded():
        pass
    for _ in range(2):
        nn.Sequential(*[nn.ReLU() for _ in range(5001)])


@pytest.mark.parametrize("key, value", [("crop_size", [6000, 6000]), ("margin", 10**9)])
def test_crops_are_bounded(key: str, value: object) -> None:
    tree = asdict(recipe())
    tree["data"][key] = value
    with pytest.raises(ValueError, match="less than or equal to 2048"):
        validate(Part, tree)
