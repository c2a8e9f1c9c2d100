"""Batch norm over the faces of all processes, so that the number of processes does not matter."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class Sum(torch.autograd.Function):
    """The sum of all processes' values; in the backward pass, of all their gradients."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        total = values.clone()
        torch.distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, gradients: Tensor) -> Tensor:
        return Sum.forward(ctx, gradients)


class SharedNorm(nn.BatchNorm2d):
    """As `nn.SyncBatchNorm`, but for the CPU; in evaluation, a plain `nn.BatchNorm2d`."""

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return super().forward(x)
        values = x.float()
        variance, mean = torch.var_mean(values, (0, 2, 3), correction=0)
        faces = values.numel() / self.num_features
        moments = faces * torch.stack([torch.ones_like(mean), mean, variance + mean.square()]).double()
        count, total, squares = Sum.apply(moments)
        mean = total / count
        variance = squares / count - mean.square()
        assert self.running_mean is not None and self.running_var is not None
        assert self.num_batches_tracked is not None and self.momentum is not None
        with torch.no_grad():
            self.num_batches_tracked += 1
            self.running_mean.lerp_(mean.float(), self.momentum)
            self.running_var.lerp_((variance * count / (count - 1)).float(), self.momentum)
        scale = self.weight * (variance + self.eps).rsqrt().float()
        shift = self.bias - mean.float() * scale
        return (values * scale[:, None, None] + shift[:, None, None]).to(x.dtype)


def share_norms(model: nn.Module, device: torch.device) -> nn.Module:
    """The model, with batch norms that compute their statistics over all processes."""
    if device.type == "cuda":
        return nn.SyncBatchNorm.convert_sync_batchnorm(model)
    for module in model.modules():
        if type(module) is nn.BatchNorm2d:
            module.__class__ = SharedNorm
    return model
