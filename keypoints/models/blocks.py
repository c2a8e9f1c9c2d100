"""What the nets are made of."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def conv_bn(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    """Convolution without bias, then batch norm; same size for stride 1. (N, inputs, H, W)."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
    )


class Residual(nn.Module):
    """Two 3x3 convolutions around a shortcut (He et al., 2016, "basic block").

    (N, inputs, H, W) -> (N, outputs, ceil(H / stride), ceil(W / stride)).
    """

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.body = nn.Sequential(conv_bn(inputs, outputs, 3, stride), nn.ReLU(), conv_bn(outputs, outputs))
        same = stride == 1 and inputs == outputs
        self.shortcut = nn.Identity() if same else conv_bn(inputs, outputs, 1, stride)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.body(x) + self.shortcut(x))


class Separable(nn.Module):
    """A 3x3 convolution of each channel, then a 1x1 one of all (Howard et al., 2017), around a shortcut.

    Shapes as in `Residual`, at about a tenth of the multiplications. Where the shape changes, there is no
    shortcut.
    """

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        each = nn.Conv2d(inputs, inputs, 3, stride, 1, groups=inputs, bias=False)
        self.body = nn.Sequential(each, nn.BatchNorm2d(inputs), nn.ReLU(), conv_bn(inputs, outputs, 1))
        self.short = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.body(x) + x if self.short else self.body(x))


def output_shape(net: nn.Module, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of a net's output for an input of `shape`.

    Found by running it: torch's "meta" device would not compute, but its first use costs two seconds.
    """
    training = net.training
    try:
        with torch.inference_mode():
            made = net.eval()(torch.zeros(shape))
    finally:
        net.train(training)
    return tuple(made.shape)
