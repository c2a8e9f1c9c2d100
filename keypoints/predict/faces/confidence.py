"""How likely a point lies where a person would mark it, by how far a net's two answers for it lie apart.

One answer is for the face, one for its mirror image. The chance is a logistic curve that `make derived`
fitted to the answers of the shipped `landmarks` for validation faces, and tried on test faces:
results/derived.md.
"""

from __future__ import annotations

import numpy as np

from keypoints.landmarks import IBUG

NEAR = 5.0  # % of the distance of the outer eye corners: who marks by hand seldom errs by more
FLOOR = 0.2  # %: answers that lie nearer than that agree
# In the curve's logarithmic odds: of each region, and per logarithm of how far the point's own answers and
# those of all points on average lie apart, %.
REGIONS = {"jaw": 1.441, "brows": 2.511, "nose": 4.331, "eyes": 4.459, "mouth": 3.564}
OWN, ALL = -0.336, -1.592


def of_points(apart: np.ndarray) -> np.ndarray:
    """The chance, 0…1, that each of 68 points lies within `NEAR` of where it belongs: (…, 68) -> (…, 68).

    `apart` is how far each point's two answers lie apart, % of the distance of the outer eye corners.
    """
    weights = np.array([*REGIONS.values(), OWN, ALL])
    return 1 / (1 + np.exp(-(features(apart) @ weights)))


def features(apart: np.ndarray) -> np.ndarray:
    """What the curve's numbers multiply: (…, 68) -> (…, 68, 7)."""
    regions = np.zeros((IBUG.points, len(REGIONS)))
    for i, region in enumerate(REGIONS):
        regions[list(IBUG.regions[region]), i] = 1
    both = np.stack(np.broadcast_arrays(apart, apart.mean(-1, keepdims=True)), axis=-1)
    every = np.broadcast_to(regions, (*apart.shape, len(REGIONS)))
    return np.concatenate([every, np.log(both + FLOOR)], axis=-1)
