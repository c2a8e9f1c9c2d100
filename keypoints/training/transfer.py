"""Weights to start from: the trunk of a net that was trained before, under a last layer that is new.

For few faces: a net that knows faces already has only to learn which points are asked for.
"""

from __future__ import annotations

from pathlib import Path

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from keypoints.errors import UserError
from keypoints.models.codecs.coordinates import SoftArgmax
from keypoints.models.trained import Trained
from keypoints.settings.recipes import RANDOM


def start_from(file: Path, new: Trained, frozen: bool) -> None:
    """Put the weights of `file` (see `Trained.save`) into `new`, whose last layer stays as it is.

    A net of the very same points is taken whole. `frozen`: what was taken does not learn; see `hold_still`.
    Raises `UserError` for a file that is none of weights, or of a net that differs below the last layer.
    """
    source = Trained.load(file)
    theirs, ours = (bare(trained.model) for trained in (source, new))
    same_points = source.scheme == new.scheme
    last = () if same_points else (f"{last_layer(ours)}.",)
    found, needed = theirs.state_dict(), ours.state_dict()
    wrong = [
        name
        for name, values in needed.items()
        if not name.startswith(last) and (name not in found or found[name].shape != values.shape)
    ]
    if wrong or source.part.model.family != new.part.model.family:
        raise UserError(
            f"train.init: the net in {file} is another one ({source.part.model.family}"
            f"{f', at {wrong[0]}' if wrong else ''}): give `model` and `data.channels` as there, or "
            f"train.init as {RANDOM}"
        )
    ours.load_state_dict(needed | {name: found[name] for name in needed if not name.startswith(last)})
    if frozen:
        for name, parameter in ours.named_parameters():
            parameter.requires_grad = name.startswith(f"{last_layer(ours)}.")


def hold_still(model: nn.Module) -> None:
    """Keep the statistics of the norms that do not learn, in a model that is in training mode."""
    for module in model.modules():
        if isinstance(module, _BatchNorm) and not module.weight.requires_grad:
            module.eval()


def bare(model: nn.Module) -> nn.Module:
    """The family's net, without the soft-argmax that makes coordinates of its maps."""
    return model[0] if isinstance(model, nn.Sequential) and isinstance(model[-1], SoftArgmax) else model


def last_layer(net: nn.Module) -> str:
    """The name of the last layer with weights, in the order in which the net names them."""
    return list(net.named_parameters())[-1][0].rpartition(".")[0]
