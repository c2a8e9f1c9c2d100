"""Points as distributions: each map says where its point may be, and the true point should be likely."""

from __future__ import annotations

import torch
from torch import Tensor

from keypoints.errors import UserError
from keypoints.models.codecs.codec import OutputSpec
from keypoints.models.codecs.coordinates import Coordinates
from keypoints.models.codecs.maps import covariance, expectation, softmax2d
from keypoints.settings import recipes

TINY = 1e-3  # added under a root, whose slope at 0 is infinite


class Distribution(Coordinates):
    """The loss is the negative log-likelihood of the true points (Kumar et al., 2020).

    The distribution is a bivariate Laplace with the map's mean and covariance, to whose diagonal the square
    of `sigma`, a share of the crop's side, is added. An error in a direction in which the map is wide, as
    along the jaw, costs less than one across it. Targets are those of `Coordinates`; outputs are (N, 5 K):
    coordinates, then the covariances xx yy xy of each point. Needs a net that outputs maps.
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

    def decode_maps(self, maps: Tensor) -> tuple[Tensor, Tensor]:
        """Points (N, K, 2), pixels of the crop, and peaks (N, K), 0…1, of maps (N, K, h, w), not normalised.

        A peak is a map's highest probability: low where the net does not know where its point is.
        """
        likely = softmax2d(maps.float())
        return self.decode(self.from_maps(likely)), likely.amax((2, 3))
