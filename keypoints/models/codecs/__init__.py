"""How points become a net's target, and its output becomes points.

A codec says what the net has to output (`output_spec`), turns points into a target (`encode`), compares the
two (`loss`) and turns an output back into points (`decode`). Points are (N, K, 2), pixels of the crop;
internally they are positions 0…1 of the crop's width and height, edge to edge. A missing point is NaN: it is
NaN in the target too, and adds nothing to the loss.
"""

from __future__ import annotations

from keypoints.errors import UserError
from keypoints.models.codecs.centres import Centres
from keypoints.models.codecs.codec import Codec
from keypoints.models.codecs.coordinates import ELEMENTWISE, Coordinates
from keypoints.models.codecs.distribution import Distribution
from keypoints.models.codecs.heatmap import Heatmap
from keypoints.models.codecs.pca import Pca
from keypoints.settings import recipes

CODECS: dict[str, type[Codec]] = {
    "coordinates": Coordinates,
    "distribution": Distribution,
    "heatmap": Heatmap,
    "pca": Pca,
    "centres": Centres,
}
LOSSES = {
    "heatmap": {"cross_entropy", "squared"},
    "centres": {"focal"},
    "distribution": {"laplace"},
}  # others: ELEMENTWISE


def build(config: recipes.Codec, points: int, size: tuple[int, int]) -> Codec:
    """The codec for `points` points in crops of `size` (width, height). Raises `UserError`."""
    allowed = LOSSES.get(config.kind, set(ELEMENTWISE))
    if config.loss not in allowed:
        raise UserError(f"codec.loss: {config.kind} takes {', '.join(sorted(allowed))}, not {config.loss}")
    return CODECS[config.kind](config, points, size)
