"""Nets that start from ImageNet's weights: where these come from, what is frozen, what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from keypoints.errors import UserError
from keypoints.models.trained import Trained
from keypoints.settings.recipes import Part
from keypoints.training import loop
from tests.recipes import composed, noise, small


@pytest.fixture
def part(tmp_path: Path) -> Part:
    part = composed(tmp_path, "landmarks=anon")
    return replace(part, data=replace(part.data, crop_size=[64, 64]))


def test_weights_come_from_a_local_file(part: Part, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from torchvision.models import resnet18

    torch.manual_seed(0)
    given = resnet18()
    file = tmp_path / "resnet18-f37072fd.pth"  # torchvision's name, found in a folder too
    torch.save(given.state_dict(), file)
    for named in (file, tmp_path):
        monkeypatch.setenv("KEYPOINTS_PRETRAINED", str(named))
        net = Trained.new(part).model
        torch.testing.assert_close(net.body.layer4[1].conv2.weight, given.layer4[1].conv2.weight)
        assert net.body.fc.out_features == 136
    # Pixels -0.5…0.5 arrive as ImageNet's weights expect them.
    grey = net.mean.new_full((1, 3, 1, 1), 0.1)
    expected = (0.6 - torch.tensor([0.485, 0.456, 0.406])) / torch.tensor([0.229, 0.224, 0.225])
    torch.testing.assert_close(((grey - net.mean) / net.std).flatten(), expected)

    monkeypatch.setenv("KEYPOINTS_PRETRAINED", str(tmp_path / "gone"))
    Trained.new(part, fresh=False).save(tmp_path / "a.pt")
    Trained.load(tmp_path / "a.pt", part)  # what was trained needs no file


@pytest.mark.parametrize("content", [None, b"rubbish", {"conv1.weight": torch.zeros(1)}, {}])
def test_what_is_no_such_file_is_one_line(
    content: object, part: Part, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "given.pth"
    if isinstance(content, bytes):
        file.write_bytes(content)
    elif content is not None:
        torch.save(content, file)
    monkeypatch.setenv("KEYPOINTS_PRETRAINED", str(file))
    with pytest.raises(
        UserError, match=r"no ImageNet weights of resnet18 .*given\.pth.*pretrained"
    ) as caught:
        Trained.new(part)
    assert "\n" not in str(caught.value)


def test_without_a_network_it_is_one_line_too(part: Part, monkeypatch: pytest.MonkeyPatch) -> None:
    from torchvision.models import ResNet18_Weights

    def lost(*args: object, **more: object) -> None:
        raise OSError("no route to host")

    monkeypatch.delenv("KEYPOINTS_PRETRAINED", raising=False)
    monkeypatch.setattr(ResNet18_Weights, "get_state_dict", lost)
    with pytest.raises(UserError, match=r"torchvision's address.*KEYPOINTS_PRETRAINED") as caught:
        Trained.new(part)
    assert "\n" not in str(caught.value)


def test_frozen_parameters_stay(part: Part) -> None:
    part = small(part)
    part = replace(part, train=replace(part.train, batch=2))
    net = loop.Loop(part, noise(part), 1, 1, 1).run().model
    torch.manual_seed(1)
    before = Trained.new(part).model.state_dict()
    after = dict(net.named_parameters())
    moved = {name.split(".")[1] for name, value in after.items() if not torch.equal(value, before[name])}
    assert moved == {"layer4", "fc"}


def test_grey_crops_are_refused(part: Part) -> None:
    with pytest.raises(UserError, match=r"data\.channels: 3"):
        Trained.new(replace(part, data=replace(part.data, channels=1)))


def test_a_layer_that_is_not_there_is_refused(part: Part) -> None:
    options = part.model.options | {"pretrained": False, "trained": ["layer9"]}
    with pytest.raises(UserError, match="layer9"):
        Trained.new(replace(part, model=replace(part.model, options=options)))
