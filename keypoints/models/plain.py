"""Plain convolutional nets, as the write-ups draw them: convolutions one after the other.

An option gives each property of the convolutions as a column: a list with one entry per layer, or a single
value for all. One layer is, in this order: convolution, [batch norm], ReLU, [batch norm], [max pooling],
[dropout].
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

from torch import nn

from keypoints.models.blocks import output_shape

Cells = int | list[int | None]  # of adaptive pooling: rows and columns


@dataclass(frozen=True)
class Convolutions:
    """The properties of a sequence of convolutions, by columns.

    channels:       of each convolution; the other columns follow it
    kernel, stride, padding: of the convolutions, pixels
    pool:           side and stride of the max pooling, null for none
    adaptive:       rows and columns (or one number for both) that adaptive max pooling gives, null for none
    norm:           batch norm "before" or "after" the ReLU, null for none
    dropout:        share of the values, 0 for none
    """

    channels: list[int]
    kernel: int | list[int]
    stride: int | list[int] = 1
    padding: int | list[int] = 0
    pool: int | list[int | None] | None = None
    adaptive: Cells | list[Cells | None] | None = None
    norm: str | list[str | None] | None = None
    dropout: float | list[float] = 0

    def layers(self, inputs: int) -> list[nn.Module]:
        """For images (N, inputs, H, W). Raises ValueError for a column's wrong length or an unknown norm."""
        layers: list[nn.Module] = []
        for row in self._rows():
            if row["norm"] not in (None, "before", "after"):
                raise ValueError(f"norm: 'before' or 'after' the ReLU is possible, not {row['norm']!r}")
            layers.append(nn.Conv2d(inputs, row["channels"], row["kernel"], row["stride"], row["padding"]))
            layers += [nn.BatchNorm2d(row["channels"])] * (row["norm"] == "before")
            layers.append(nn.ReLU())
            layers += [nn.BatchNorm2d(row["channels"])] * (row["norm"] == "after")
            if row["pool"]:
                layers.append(nn.MaxPool2d(row["pool"]))
            if row["adaptive"]:
                layers.append(nn.AdaptiveMaxPool2d(row["adaptive"]))
            layers += [nn.Dropout(row["dropout"])] * bool(row["dropout"])
            inputs = row["channels"]
        return layers

    def _rows(self) -> Iterator[dict[str, Any]]:
        """The properties of each layer, by name."""
        names = [field.name for field in fields(self)]
        columns = [fill_column(name, getattr(self, name), len(self.channels)) for name in names]
        for row in zip(*columns, strict=True):
            yield dict(zip(names, row, strict=True))


class Plain(nn.Sequential):
    """Convolutions, then linear layers: (N, inputs, H, W) -> (N, outputs).

    size:           (width, height) of the image, which the first linear layer must know
    linear:         widths of the linear layers before the last one, which has `outputs`
    linear_relu:    whether a ReLU follows each of them
    linear_dropout: share dropped after each of them
    columns:        of `Convolutions`
    """

    columns = Convolutions

    def __init__(
        self,
        inputs: int,
        outputs: int,
        size: tuple[int, int],
        linear: Sequence[int] = (),
        linear_relu: bool = True,
        linear_dropout: float | list[float] = 0,
        **columns: Any,
    ) -> None:
        layers = Convolutions(**columns).layers(inputs)
        width, height = size
        _, *cells = output_shape(nn.Sequential(*layers), (1, inputs, height, width))
        layers.append(nn.Flatten())
        features = cells[0] * cells[1] * cells[2]
        shares = fill_column("linear_dropout", linear_dropout, len(linear))
        for outs, share in zip(linear, shares, strict=True):
            layers.append(nn.Linear(features, outs))
            layers += [nn.ReLU()] * linear_relu + [nn.Dropout(share)] * bool(share)
            features = outs
        super().__init__(*layers, nn.Linear(features, outputs))


class PlainMaps(nn.Sequential):
    """Convolutions, then a 1x1 one: (N, inputs, H, W) -> (N, maps, h, w), not normalised.

    columns: of `Convolutions`; the last layer's pooling decides the maps' size
    """

    columns = Convolutions

    def __init__(self, inputs: int, maps: int, **columns: Any) -> None:
        convolutions = Convolutions(**columns)
        super().__init__(*convolutions.layers(inputs), nn.Conv2d(convolutions.channels[-1], maps, 1))


def fill_column(name: str, value: Any, length: int) -> list[Any]:
    """One value per layer. Raises ValueError."""
    column = list(value) if isinstance(value, list | tuple) else [value] * length
    if len(column) != length:
        raise ValueError(f"{name}: {length} values are needed, one per layer, or a single one, not {column}")
    return column
