"""Logistic regression, for the curves that tell how likely something is."""

from __future__ import annotations

import numpy as np

STEPS = 30  # Newton's; curves of a few numbers need fewer
SMALL = 1e-3  # what keeps numbers that decide nothing small


def fit(features: np.ndarray, hits: np.ndarray) -> np.ndarray:
    """The numbers (F,) of the curve that makes `hits` (N,) of 0 and 1 likeliest, given features (N, F)."""
    weights = np.zeros(features.shape[1])
    for _ in range(STEPS):
        chance = 1 / (1 + np.exp(-features @ weights))
        slope = features.T @ (hits - chance) - SMALL * weights
        bend = (features * (chance * (1 - chance))[:, None]).T @ features + SMALL * np.eye(len(weights))
        weights += np.linalg.solve(bend, slope)
    return weights
