"""Facial keypoints: `from keypoints import Predictor`, and all that the pipeline's stages share."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keypoints.predict.predictor import Predictor

__all__ = ["Predictor"]

# OpenMP's idle threads spin before they sleep. Two trainings on the same cores, or one beside any other
# work, then take ten times as long instead of twice; with short spins they share (and one alone loses
# nothing). Read once, when torch is imported.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")


def __getattr__(name: str) -> object:
    if name == "Predictor":  # loaded when it is asked for: stages stay quick
        from keypoints.predict.predictor import Predictor

        return Predictor
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
