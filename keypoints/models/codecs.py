"""How points become what a net learns, and its output points again.

A codec says what the net has to give (`output_spec`), turns points into a target (`encode`), compares
the two (`loss`) and turns an output back into points (`decode`). Points are (N, K, 2) pixels of
the crop; inside, positions 0…1 of the crop's width and height, edge to edge, are used. A point that a
face lacks is NaN: it is NaN in the target too, and adds nothing to the loss.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from keypoints import recipes
from keypoints.errors import UserError


@dataclass(frozen=True)
class OutputSpec:
    """What a codec needs from a net: (N, count), or maps (N, count, *map_size) when that is set.

    `map_size` is (height, width).
    """

    count: int
    map_size: tuple[int, int] | None = None


class Codec(ABC):
    """Points (N, K, 2), pixels of the crop, to targets and back.

    `output_spec` is set by the constructor. A codec that learns nothing from the training points leaves
    `fit`, `state` and `restore` as they are.
    """

    output_spec: OutputSpec

    @abstractmethod
    def __init__(self, config: recipes.Codec, points: int, size: tuple[int, int]) -> None:
        """`size` is (width, height) of the crop, pixels."""

    def fit(self, points: Tensor) -> None:
        """Learn what the codec needs from the training points (N, K, 2)."""
        return

    def state(self) -> dict[str, Tensor]:
        """What `fit` learned, to be stored with the weights."""
        return {}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Take back what `state` gave."""
        return

    @abstractmethod
    def encode(self, points: Tensor) -> Tensor:
        """Points (N, K, 2), pixels of the crop -> the target (N, …)."""

    @abstractmethod
    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        """How far the net's output (N, …), as `output_spec` says, is from the target: one number."""

    def perfect(self, target: Tensor) -> Tensor:
        """The output of a net that has learned the target."""
        return target

    @abstractmethod
    def decode(self, output: Tensor) -> Tensor:
        """The net's output (N, …) -> points (N, K, 2), pixels of the crop."""


def wing(output: Tensor, target: Tensor, width: float = 5.0, curvature: float = 0.5) -> Tensor:
    """The wing loss (Feng et al., 2018): logarithmic within ± `width`, linear outside."""
    error = (output - target).abs()
    inner = width * torch.log1p(error / curvature)
    knee = width - width * math.log1p(width / curvature)  # so that both pieces meet
    return torch.where(error < width, inner, error - knee).mean()


TINY = 1e-3  # under a root, whose slope at 0 is infinite
NOISE = 1e-3  # variance of a coordinate that no component holds, in that of the first component's weight

ELEMENTWISE: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "mse": F.mse_loss,
    "l1": F.l1_loss,
    "smooth_l1": F.smooth_l1_loss,
    "wing": wing,
}


class Coordinates(Codec):
    """Targets are (position - offset) * scale, as (N, 2 K): x0 y0 x1 y1 …; `weight` times the loss."""

    def __init__(self, config: recipes.Codec, points: int, size: tuple[int, int]) -> None:
        self.config, self.points, self.size = config, points, torch.tensor(size, dtype=torch.float32)
        self.output_spec = OutputSpec(2 * points)

    def encode(self, points: Tensor) -> Tensor:
        return self.from_positions((points + 0.5) / self.size.to(points.device))

    def from_positions(self, positions: Tensor) -> Tensor:
        """(N, K, 2) positions 0…1 -> (N, 2 K)."""
        return ((positions - self.config.offset) * self.config.scale).flatten(1)

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        marked = ~target.isnan()
        if not marked.all():
            output, target = output[marked], target[marked]
        return self.config.weight * ELEMENTWISE[self.config.loss](output, target)

    def from_maps(self, maps: Tensor) -> Tensor:
        """Probability maps (N, K, h, w) -> the output that `loss` and `decode` take."""
        return self.from_positions(expectation(maps))

    def decode(self, output: Tensor) -> Tensor:
        positions = output.unflatten(1, (-1, 2)) / self.config.scale + self.config.offset
        return positions * self.size.to(output.device) - 0.5


def grid(maps: Tensor) -> tuple[Tensor, Tensor]:
    """The positions, 0…1, of the columns (w) and the rows (h) of maps (N, K, h, w)."""
    h, w = maps.shape[2:]
    x = (torch.arange(w, device=maps.device) + 0.5) / w
    y = (torch.arange(h, device=maps.device) + 0.5) / h
    return x, y


def expectation(weights: Tensor) -> Tensor:
    """The mean position, 0…1, of maps (N, K, h, w) that each sum to 1 -> (N, K, 2) x, y."""
    x, y = grid(weights)
    return torch.stack([(weights.sum(2) * x).sum(-1), (weights.sum(3) * y).sum(-1)], dim=-1)


def covariance(weights: Tensor, mean: Tensor) -> Tensor:
    """How maps (N, K, h, w) that each sum to 1 spread about their mean (N, K, 2) -> (N, K, 3) xx, yy, xy."""
    x, y = (place - middle for place, middle in zip(grid(weights), mean[..., None].unbind(2), strict=True))
    xx, yy = (weights.sum(2) * x.square()).sum(-1), (weights.sum(3) * y.square()).sum(-1)
    return torch.stack([xx, yy, ((weights * x[..., None, :]).sum(-1) * y).sum(-1)], dim=-1)


def softmax2d(maps: Tensor) -> Tensor:
    """Maps (N, K, h, w) -> the same, each positive and with sum 1."""
    return maps.flatten(2).softmax(-1).view_as(maps)


class Distribution(Coordinates):
    """Each map is a distribution of its point; the loss is how unlikely the true one is (Kumar et al., 2020).

    That is by a Laplace distribution in the plane with the map's mean and covariance, to whose diagonal the
    square of `sigma`, a share of the crop's side, is added. An error along a direction in which the map is
    wide, as along the jaw, costs less than one across it. Targets are those of `Coordinates`; outputs are
    (N, 5 K), with xx yy xy of each point at the end. Only nets that give maps have them.
    """

    def __init__(self, config: recipes.Codec, points: int, size: tuple[int, int]) -> None:
        super().__init__(config, points, size)
        if not config.sigma:
            raise UserError("codec: a distribution needs a sigma above 0")
        self.output_spec = OutputSpec(5 * points)

    def from_maps(self, maps: Tensor) -> Tensor:
        mean = expectation(maps)
        spread = self.config.scale**2 * covariance(maps, mean)
        return torch.cat([self.from_positions(mean), spread.flatten(1)], 1)

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        split = 2 * self.points
        away = (output[:, :split] - target).unflatten(1, (-1, 2))
        xx, yy, xy = output[:, split:].unflatten(1, (-1, 3)).unbind(-1)
        least = (self.config.sigma * self.config.scale) ** 2
        xx, yy = xx + least, yy + least
        determinant = (xx * yy - xy.square()).clamp_min(least**2)
        marked = ~away.isnan().any(-1)
        x, y = torch.where(marked[..., None], away, 0).unbind(-1)
        distance = (yy * x.square() + xx * y.square() - 2 * xy * x * y) / determinant
        surprise = determinant.log() / 2 + (3 * distance.clamp_min(0) + TINY).sqrt()
        return self.config.weight * surprise[marked].mean()

    def perfect(self, target: Tensor) -> Tensor:
        return torch.cat([target, target.new_zeros(len(target), 3 * self.points)], 1)

    def decode(self, output: Tensor) -> Tensor:
        return super().decode(output[:, : 2 * self.points])


class SoftArgmax(nn.Module):
    """Maps (N, K, h, w), not normalised -> what a coordinate codec takes (Sun et al., 2018)."""

    def __init__(self, codec: Coordinates) -> None:
        super().__init__()
        self.codec = codec

    def forward(self, maps: Tensor) -> Tensor:
        return self.codec.from_maps(softmax2d(maps.float()))


class Heatmap(Codec):
    """One probability map per point: a Gaussian around it, cut off at the crop's edge, of sum 1.

    The net's output is the logarithm of the maps up to a constant; points are the maps'
    expectation. Near the edge the expectation of a cut Gaussian lies inside of the point.
    """

    def __init__(self, config: recipes.Codec, points: int, size: tuple[int, int]) -> None:
        if not config.map_size or config.sigma <= 0:
            raise UserError("codec: a heatmap needs map_size and a sigma above 0")
        self.config, self.size = config, torch.tensor(size, dtype=torch.float32)
        width, height = config.map_size
        self.map_size = (height, width)
        self.output_spec = OutputSpec(points, self.map_size)

    def encode(self, points: Tensor) -> Tensor:
        """(N, K, 2) -> (N, K, h, w)."""
        h, w = self.map_size
        position = (points + 0.5) / self.size.to(points.device)
        sigma = self.config.sigma * torch.tensor([1.0, float(self.size[0] / self.size[1])])
        x = (torch.arange(w, device=points.device) + 0.5) / w
        y = (torch.arange(h, device=points.device) + 0.5) / h
        along_x = (-0.5 * ((x - position[..., :1]) / sigma[0]) ** 2).softmax(-1)
        along_y = (-0.5 * ((y - position[..., 1:]) / sigma[1]) ** 2).softmax(-1)
        return along_y[..., :, None] * along_x[..., None, :]

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        marked = ~target[..., 0, 0].isnan()
        if not marked.all():  # (N, K, h, w) -> (M, 1, h, w)
            output, target = output[marked][:, None], target[marked][:, None]
        if self.config.loss == "squared":  # of each map, summed over its pixels
            loss = (softmax2d(output) - target).square().sum((2, 3)).mean()
        else:
            logs = output.flatten(2).log_softmax(-1)
            loss = -(logs * target.flatten(2)).sum(-1).mean()
        loss = self.config.weight * loss
        if self.config.coordinate_weight:
            away = expectation(softmax2d(output)) - expectation(target)
            loss = loss + self.config.coordinate_weight * 100 * away.abs().mean()
        return loss

    def perfect(self, target: Tensor) -> Tensor:
        return target.log()

    def decode(self, output: Tensor) -> Tensor:
        return expectation(softmax2d(output.float())) * self.size.to(output.device) - 0.5


class Pca(Codec):
    """Weights of the training shapes' principal components, in the units of the coordinates' targets.

    Few components hold most of the variance (the write-up "anon"); what they do not hold is lost. They are
    those of the faces with all points; the weights of a face that lacks some are the likeliest ones, were
    shapes spread about their mean as the components say, given the points that it has.
    """

    def __init__(self, config: recipes.Codec, points: int, size: tuple[int, int]) -> None:
        self.coordinates = Coordinates(config, points, size)
        self.components = config.components
        self.output_spec = OutputSpec(config.components)
        self.restore(
            {
                "mean": torch.zeros(2 * points),
                "basis": torch.zeros(config.components, 2 * points),
                "deviation": torch.ones(config.components),
                "explained": torch.tensor(0.0),
            }
        )

    def fit(self, points: Tensor) -> None:
        complete = ~points.isnan().flatten(1).any(1)
        shapes = self.coordinates.encode(points[complete]).double()
        if self.components > min(shapes.shape):
            raise UserError(
                f"codec.components: {self.components} are more than {min(shapes.shape)}, the coordinates of "
                "a face, or the faces that have all points"
            )
        mean = shapes.mean(0)
        _, values, basis = torch.linalg.svd(shapes - mean, full_matrices=False)
        variance = values.square() / max(1, len(shapes) - 1)
        kept = slice(self.components)
        fitted = {
            "mean": mean,
            "basis": basis[kept],
            "deviation": variance[kept].sqrt().clamp_min(1e-9),
            "explained": variance[kept].sum() / variance.sum(),
        }
        self.restore({name: value.float() for name, value in fitted.items()})

    def state(self) -> dict[str, Tensor]:
        return dict(self._state)

    def restore(self, state: dict[str, Tensor]) -> None:
        self._state = dict(state)

    def __getitem__(self, name: str) -> Tensor:
        """mean (2 K), basis (C, 2 K), deviation (C), explained (share of the variance held)."""
        return self._state[name]

    def shapes(self) -> tuple[np.ndarray, np.ndarray]:
        """The mean (K, 2) and what a standard deviation of each component adds (C, K, 2), crop pixels."""
        weights = torch.cat([torch.zeros(1, self.components), torch.diag(self["deviation"])])
        mean, *moved = self.decode(weights).numpy()
        return mean, np.stack(moved) - mean

    def encode(self, points: Tensor) -> Tensor:
        away = self.coordinates.encode(points) - self["mean"].to(points.device)
        basis = self["basis"].to(points.device)
        weights = away @ basis.T
        for face in away.isnan().any(1).nonzero().flatten().tolist():
            weights[face] = self._likeliest(away[face], basis)
        return weights

    def _likeliest(self, away: Tensor, basis: Tensor) -> Tensor:
        """The weights (C) of one face, by those of its coordinates (2 K) that are not NaN."""
        marked = ~away.isnan()
        seen, spread = basis[:, marked], self["deviation"].to(away.device)
        noise = NOISE * spread.max() ** 2
        system = seen @ seen.T + torch.diag(noise / spread**2)
        return torch.linalg.solve(system, seen @ away[marked])

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        return self.coordinates.loss(output, target)

    def decode(self, output: Tensor) -> Tensor:
        mean, basis = (self[name].to(output.device) for name in ("mean", "basis"))
        return self.coordinates.decode(mean + output @ basis)


LOSSES = {
    "heatmap": {"cross_entropy", "squared"},
    "centres": {"focal"},
    "distribution": {"laplace"},
}  # others: ELEMENTWISE


def build(config: recipes.Codec, points: int, size: tuple[int, int]) -> Codec:
    """The codec for `points` points in crops of `size` (width, height). Raises `UserError`."""
    from keypoints.models.centres import Centres

    allowed = LOSSES.get(config.kind, set(ELEMENTWISE))
    if config.loss not in allowed:
        raise UserError(f"codec.loss: {config.kind} takes {', '.join(sorted(allowed))}, not {config.loss}")
    codecs: dict[str, type[Codec]] = {
        "coordinates": Coordinates,
        "distribution": Distribution,
        "heatmap": Heatmap,
        "pca": Pca,
        "centres": Centres,
    }
    return codecs[config.kind](config, points, size)
