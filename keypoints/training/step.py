"""One training step: gradients of a batch, computed in pieces and by several processes, then the update."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from keypoints.errors import UserError
from keypoints.models.device import autocast
from keypoints.models.trained import Trained
from keypoints.settings import recipes
from keypoints.training.optimization import build_average, build_optimizer, build_schedule
from keypoints.training.processes import Processes


class Step:
    """Updates the net of `new`, already on its device, and its average; training has `steps` of them."""

    def __init__(self, config: recipes.Train, new: Trained, steps: int, processes: Processes) -> None:
        self.config, self.codec, self.model, self.processes = config, new.codec, new.model, processes
        self.device = next(self.model.parameters()).device
        self.optimizer = build_optimizer(config, self.model)
        self.schedule = build_schedule(config, self.optimizer, steps)
        self.average = build_average(self.model, config.ema) if config.ema else None
        self.net: Callable[[Tensor], Tensor] = compiled(self.model) if config.compile else self.model

    @property
    def best(self) -> nn.Module:
        """The net that training results in: the averaged one, if there is one."""
        return self.average.module if self.average else self.model

    @property
    def state(self) -> dict[str, Any]:
        """What a checkpoint has to keep."""
        state = {"model": self.model, "optimizer": self.optimizer, "schedule": self.schedule}
        return state | ({"average": self.average} if self.average else {})

    def __call__(self, pieces: Iterable[tuple[Tensor, Tensor]]) -> float:
        """Do one step; returns the loss of the batch before it.

        `pieces` are this process's part of the batch: the net's input and points, both on its device.
        """
        loss = self._find_gradients(pieces)
        if self.config.clip:
            nn.utils.clip_grad_norm_(self.model.parameters(), self.config.clip)
        self.optimizer.step()
        self.schedule.step()
        if self.average:
            self.average.update_parameters(self.model)
        return loss.item()

    def _find_gradients(self, pieces: Iterable[tuple[Tensor, Tensor]]) -> Tensor:
        """Compute the gradients of the whole batch; returns its loss."""
        self.optimizer.zero_grad(set_to_none=True)
        encoded = [(seen, self.codec.encode(points)) for seen, points in pieces]
        shares = self._share([target for _, target in encoded])
        loss = torch.zeros((), device=self.device)
        for (seen, target), share in zip(encoded, shares, strict=True):
            with autocast(self.config.precision, self.device):
                output = self.net(seen)
            part = self.codec.loss(output.float(), target) * share
            part.backward()
            loss += part.detach()
        self.processes.sum_gradients(self.model.parameters())
        return self.processes.sum(loss)

    def _share(self, targets: list[Tensor]) -> Iterable[Tensor | float]:
        """The weight of each piece in the batch's loss: its share of the values that are not missing."""
        if self.config.accumulate * self.processes.size == 1:
            return [1.0]
        marked = torch.stack([(~target.isnan()).sum() for target in targets]).float()
        return marked / self.processes.sum(marked.sum())


def compiled(model: nn.Module) -> Callable[[Tensor], Tensor]:
    """The model, compiled by torch. Raises `UserError` where there is no C++ compiler."""
    if not shutil.which(os.environ.get("CXX", "g++")):
        raise UserError("train.compile needs a C++ compiler: install g++, or leave it off")
    return torch.compile(model)
