"""Smooth maps of the plane by pairs of points."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Map = Callable[[np.ndarray], np.ndarray]  # points (…, 2) -> points (…, 2)


def fit(source: np.ndarray, target: np.ndarray, stiff: float = 0.0) -> Map:
    """The map that takes the points `source` (N, 2), which do not coincide, to `target` (N, 2).

    A thin-plate spline (Bookstein, 1989): with `stiff` 0 it meets every point; the stiffer, the more it
    is one affine map of all; with inf it is shift, turn and scale alone.
    """
    if np.isinf(stiff):
        return _similarity(source, target)
    middle, spread = source.mean(0), np.sqrt(source.var(0).sum())
    knots = (source - middle) / spread
    n = len(knots)
    system = np.zeros((n + 3, n + 3))
    system[:n, :n] = _bend(knots[:, None], knots) + stiff * np.eye(n)
    system[:n, n:] = np.column_stack([np.ones(n), knots])
    system[n:, :n] = system[:n, n:].T
    solved = np.linalg.lstsq(system, np.concatenate([target, np.zeros((3, 2))]), rcond=1e-9)[0]

    def spline(points: np.ndarray) -> np.ndarray:
        at = (points - middle) / spread
        out = solved[n] + at @ solved[n + 1 :]
        for knot, weight in zip(knots, solved[:n], strict=True):
            out += _bend(at, knot)[..., None] * weight
        return out

    return spline


def _similarity(source: np.ndarray, target: np.ndarray) -> Map:
    """Scaled by both spreads, not by least squares: so the way back is the inverse of the way there."""
    middle, there = source.mean(0), target.mean(0)
    a, b = (source - middle) @ [1, 1j], (target - there) @ [1, 1j]
    turn = np.vdot(a, b)
    turn *= np.sqrt(np.vdot(b, b).real / np.vdot(a, a).real) / (abs(turn) or 1)
    matrix = np.array([[turn.real, turn.imag], [-turn.imag, turn.real]])
    return lambda points: (points - middle) @ matrix + there


def _bend(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The thin plate's kernel between points (…, 2), up to a factor."""
    squared = ((a - b) ** 2).sum(-1)
    return squared * np.log(squared + 1e-12)


def resample(line: np.ndarray, count: int) -> np.ndarray:
    """`count` points (count, 2) at equal distances along a line (N, 2)."""
    along = np.append(0, np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1)))
    at = np.linspace(0, along[-1], count)
    return np.stack([np.interp(at, along, line[:, axis]) for axis in (0, 1)], axis=1)
