"""Facial keypoints: what the stages share."""

import os

# OpenMP's idle threads spin before they sleep. Two trainings on the same cores, or one beside any other
# work, then take ten times as long instead of twice; with short spins they share (and one alone loses
# nothing). Read once, when torch is imported.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")


def __getattr__(name: str) -> object:
    if name == "Predictor":  # loaded when it is asked for: stages that need no torch stay quick
        from keypoints.predictor import Predictor

        return Predictor
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
