"""Standard nets of torchvision with a new last layer, from scratch or from ImageNet's weights."""

from __future__ import annotations

import os
from pathlib import Path

import torch
from torch import Tensor, nn

from keypoints.errors import UserError

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet, as torchvision's weights expect them
HEADS = {"resnet18": "fc", "resnet50": "fc", "vgg16": "classifier"}  # what is replaced


class Backbone(nn.Module):
    """(N, channels, H, W), -0.5…0.5 -> (N, outputs).

    net:        resnet18, resnet50 or vgg16 (He et al., 2016; Simonyan and Zisserman, 2015). VGG's two
                4,096-wide layers, 119 M of its 138 M parameters, are of ImageNet's classes and left out
    pretrained: `fetch` puts ImageNet's weights in; the image is then shifted and scaled as they expect
    trained:    beginnings of the names of the parameters that learn (`layer4`, `fc`); null for all.
                The others stay fixed, but batch norms still update their statistics, as they do in a
                write-up that only sets `requires_grad`
    """

    def __init__(
        self,
        channels: int,
        outputs: int,
        net: str,
        pretrained: bool = False,
        trained: list[str] | None = None,
    ) -> None:
        from torchvision.models import get_model

        super().__init__()
        self.mean: Tensor
        self.std: Tensor
        if net not in HEADS:
            raise ValueError(f"net: {net!r} is none of {', '.join(HEADS)}")
        if pretrained and channels != 3:
            raise ValueError("pretrained: ImageNet's weights need colour, data.channels: 3")
        self.net, self.pretrained = net, pretrained
        self.body = get_model(net, weights=None)
        if net == "vgg16":
            self.body.classifier = nn.Linear(512 * 7 * 7, outputs)
            if channels != 3:
                self.body.features[0] = nn.Conv2d(channels, 64, 3, padding=1)
        else:
            self.body.fc = nn.Linear(self.body.fc.in_features, outputs)
            if channels != 3:
                self.body.conv1 = nn.Conv2d(channels, 64, 7, 2, 3, bias=False)
        if pretrained:
            self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1) - 0.5)
            self.register_buffer("std", torch.tensor(STD).view(1, 3, 1, 1))
        if trained is not None:
            for name, parameter in self.body.named_parameters():
                parameter.requires_grad = name.startswith(tuple(trained))
            if not any(parameter.requires_grad for parameter in self.parameters()):
                raise ValueError(f"trained: {net} has no parameter whose name begins so: {trained}")

    def forward(self, image: Tensor) -> Tensor:
        return self.body((image - self.mean) / self.std if self.pretrained else image)

    def fetch(self) -> None:
        """Put ImageNet's weights in where the option asks for them, all but the last layer's.

        From the file that KEYPOINTS_PRETRAINED names (or the file of torchvision's name in that
        folder), else from torchvision's address, which checks the hash. Raises `UserError`.
        """
        if not self.pretrained:
            return
        from torchvision.models import get_model_weights

        weights = get_model_weights(self.net)["IMAGENET1K_V1"]
        named = os.environ.get("KEYPOINTS_PRETRAINED")
        hint = "name a local file by KEYPOINTS_PRETRAINED or set model.options.pretrained to false"
        try:
            if named:
                file = Path(named)
                file = file / Path(weights.url).name if file.is_dir() else file
                state = torch.load(file, map_location="cpu", weights_only=True)
            else:
                state = weights.get_state_dict(progress=False, check_hash=True, map_location="cpu")
            head = f"{HEADS[self.net]}."
            state = {name: value for name, value in state.items() if not name.startswith(head)}
            left = self.body.load_state_dict(state, strict=False)
            if left.unexpected_keys or not all(name.startswith(head) for name in left.missing_keys):
                raise ValueError("other layers")
        except Exception as error:  # a lost network, a damaged or another net's file: nearly anything
            where = f"in KEYPOINTS_PRETRAINED={named}" if named else "at torchvision's address"
            raise UserError(
                f"no ImageNet weights of {self.net} {where} ({type(error).__name__}): {hint}"
            ) from None
