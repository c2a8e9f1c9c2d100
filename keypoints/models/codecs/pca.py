"""Points as the weights of a few principal components of the shape."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from keypoints.errors import UserError
from keypoints.models.codecs.codec import Codec, OutputSpec
from keypoints.models.codecs.coordinates import Coordinates
from keypoints.settings import recipes

NOISE = 1e-3  # variance of a coordinate outside of all components, relative to the first component's


class Pca(Codec):
    """Weights of the training shapes' principal components, in the units of the coordinates' targets.

    A few components explain most of the variance (the write-up "anon"); the rest is lost. They are computed
    from the faces with all points. For a face with missing points, the weights are the most likely ones given
    its other points, assuming that shapes are distributed as the components say (probabilistic PCA).
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
        """The most likely weights (C) of one face, given its centred coordinates (2 K) that are not NaN."""
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
