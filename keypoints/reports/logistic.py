"""Logistic regression, for the curves of predict/faces/presence.py and confidence.py."""

from __future__ import annotations

import numpy as np

STEPS = 30  # Newton steps; a few coefficients need fewer
SMALL = 1e-3  # ridge penalty, which keeps coefficients without influence small


def fit(features: np.ndarray, hits: np.ndarray) -> np.ndarray:
    """The maximum-likelihood coefficients (F,) for `hits` (N,), 0 or 1, given features (N, F)."""
    weights = np.zeros(features.shape[1])
    for _ in range(STEPS):
        chance = 1 / (1 + np.exp(-features @ weights))
        slope = features.T @ (hits - chance) - SMALL * weights
        bend = (features * (chance * (1 - chance))[:, None]).T @ features + SMALL * np.eye(len(weights))
        weights += np.linalg.solve(bend, slope)
    return weights
