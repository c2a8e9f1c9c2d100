"""Transfer learning: start from a trained net's trunk, with a new last layer.

For few faces: a net that knows faces already only has to learn which points to find.
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

    If both have the same points, the last layer is taken too. `frozen`: only the last layer learns; see
    `hold_still`. Raises `UserError` for a file without weights, or with a net that differs below the last
    layer.
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
    """Freeze the statistics of the batch norms that do not learn, in a model in training mode."""
    for module in model.modules():
        if isinstance(module, _BatchNorm) and not module.weight.requires_grad:
            module.eval()


def bare(model: nn.Module) -> nn.Module:
    """The family's net, without the soft-argmax behind it."""
    return model[0] if isinstance(model, nn.Sequential) and isinstance(model[-1], SoftArgmax) else model


def last_layer(net: nn.Module) -> str:
    """The name of the last layer with weights, in the order of `named_parameters`."""
    return list(net.named_parameters())[-1][0].rpartition(".")[0]
