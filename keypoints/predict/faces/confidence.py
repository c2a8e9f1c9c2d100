"""How likely it is that a point lies where a person would mark it, given how far two predictions lie apart.

The two predictions are for the face and for its mirror image. The chance is a logistic curve that `make
derived` fitted to predictions of the shipped `landmarks` for validation faces, and tested on test faces:
results/derived.md.
"""

from __future__ import annotations

import numpy as np

from keypoints.landmarks import IBUG

NEAR = 5.0  # % of the distance of the outer eye corners: people who mark by hand seldom err by more
FLOOR = 0.2  # %: is added to distances, whose logarithm would have no limit
# Coefficients of the log-odds: an intercept for each region, and per log of the distance, %, of the point's
# two predictions (OWN) and of the mean distance of all points (ALL).
REGIONS = {"jaw": 1.441, "brows": 2.511, "nose": 4.331, "eyes": 4.459, "mouth": 3.564}
OWN, ALL = -0.336, -1.592


def of_points(apart: np.ndarray) -> np.ndarray:
    """The chance, 0…1, that each of 68 points lies within `NEAR` of its true place: (…, 68) -> (…, 68).

    `apart` is how far each point's two predictions lie apart, % of the distance of the outer eye corners.
    """
    weights = np.array([*REGIONS.values(), OWN, ALL])
    return 1 / (1 + np.exp(-(features(apart) @ weights)))


def features(apart: np.ndarray) -> np.ndarray:
    """What the coefficients are multiplied by: (…, 68) -> (…, 68, 7)."""
    regions = np.zeros((IBUG.points, len(REGIONS)))
    for i, region in enumerate(REGIONS):
        regions[list(IBUG.regions[region]), i] = 1
    both = np.stack(np.broadcast_arrays(apart, apart.mean(-1, keepdims=True)), axis=-1)
    every = np.broadcast_to(regions, (*apart.shape, len(REGIONS)))
    return np.concatenate([every, np.log(both + FLOOR)], axis=-1)
