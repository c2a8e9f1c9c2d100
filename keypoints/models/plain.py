"""Plain convolutional nets, as the write-ups draw them: convolutions in a row, told layer by layer.

An option says each property of the layers by a column: a list with one entry a layer, or a single
value for all. One layer is, in this order: convolution, [batch norm], ReLU, [batch norm],
[max pooling], [dropout].
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import nn

from keypoints.models.blocks import output_shape


class Plain(nn.Sequential):
    """Convolutions, then linear layers: (N, inputs, H, W) -> (N, outputs).

    size:           (width, height) of the image, which the first linear layer must know
    channels:       of each convolution; the other columns follow it
    kernel, stride, padding: of the convolutions, pixels
    pool:           side and stride of the max pooling, null for none
    adaptive:       rows and columns (or one number for both) that adaptive max pooling gives, null for none
    norm:           batch norm "before" or "after" the ReLU, null for none
    dropout:        share of the values, 0 for none
    linear:         widths of the linear layers before the last one, which has `outputs`
    linear_relu:    whether a ReLU follows each of them
    linear_dropout: share dropped after each of them

    Raises ValueError for a column of another length or an unknown norm.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        channels: list[int],
        kernel: Any,
        size: tuple[int, int],
        stride: Any = 1,
        padding: Any = 0,
        pool: Any = None,
        adaptive: Any = None,
        norm: Any = None,
        dropout: Any = 0,
        linear: Sequence[int] = (),
        linear_relu: bool = True,
        linear_dropout: Any = 0,
    ) -> None:
        layers = _layers(inputs, channels, kernel, stride, padding, pool, adaptive, norm, dropout)
        width, height = size
        _, *cells = output_shape(nn.Sequential(*layers), (1, inputs, height, width))
        layers.append(nn.Flatten())
        features = cells[0] * cells[1] * cells[2]
        for outs, share in zip(linear, _column("linear_dropout", linear_dropout, len(linear)), strict=True):
            layers.append(nn.Linear(features, outs))
            layers += [nn.ReLU()] * linear_relu + [nn.Dropout(share)] * bool(share)
            features = outs
        super().__init__(*layers, nn.Linear(features, outputs))


class PlainMaps(nn.Sequential):
    """The same convolutions, then a 1x1 one: (N, inputs, H, W) -> (N, maps, h, w), not normalised.

    The columns are those of `Plain`; the last layer's pooling decides the maps' size.
    """

    def __init__(
        self,
        inputs: int,
        maps: int,
        channels: list[int],
        kernel: Any,
        stride: Any = 1,
        padding: Any = 0,
        pool: Any = None,
        adaptive: Any = None,
        norm: Any = None,
        dropout: Any = 0,
    ) -> None:
        layers = _layers(inputs, channels, kernel, stride, padding, pool, adaptive, norm, dropout)
        super().__init__(*layers, nn.Conv2d(channels[-1], maps, 1))


def _layers(inputs: int, channels: list[int], *columns: Any) -> list[nn.Module]:
    names = ("kernel", "stride", "padding", "pool", "adaptive", "norm", "dropout")
    rows = zip(*(_column(n, c, len(channels)) for n, c in zip(names, columns, strict=True)), strict=True)
    layers: list[nn.Module] = []
    for outs, (kernel, stride, padding, pool, adaptive, norm, dropout) in zip(channels, rows, strict=True):
        if norm not in (None, "before", "after"):
            raise ValueError(f"norm: 'before' or 'after' the ReLU is possible, not {norm!r}")
        layers.append(nn.Conv2d(inputs, outs, kernel, stride, padding))
        layers += [nn.BatchNorm2d(outs)] * (norm == "before")
        layers.append(nn.ReLU())
        layers += [nn.BatchNorm2d(outs)] * (norm == "after")
        if pool:
            layers.append(nn.MaxPool2d(pool))
        if adaptive:
            layers.append(nn.AdaptiveMaxPool2d(adaptive))
        layers += [nn.Dropout(dropout)] * bool(dropout)
        inputs = outs
    return layers


def _column(name: str, value: Any, length: int) -> list[Any]:
    """One value a layer. Raises ValueError."""
    column = list(value) if isinstance(value, list | tuple) else [value] * length
    if len(column) != length:
        raise ValueError(f"{name}: {length} values are needed, one per layer, or a single one, not {column}")
    return column
