"""How likely it is that a place shows a face, given the detector's score and the net's doubt.

The chance is a logistic curve that `make boxes` fitted to places in scenes of training photographs, found by
the detector `faces` and looked at by the shipped `landmarks`: results/boxes.md.

The score is bounded twice. The curve was fitted to scores clipped to SCORES. A score to be judged is first
capped at its detector's SCORE_CAP, which is lower: a high score excuses less doubt than the fit would allow.
"""

from __future__ import annotations

import math

# Coefficients of the log-odds: intercept, per log of the relative doubt, per log-odds of the score.
PLAIN, DOUBT, SCORE = 3.55, -1.77, 2.85
LEAST = 0.8  # a less likely place shows no face; chosen on training and validation photographs
FLOOR = 0.1  # is added to the relative doubt, whose logarithm would have no limit
SCORES = 0.3, 0.7  # the fit clips scores to this range
SCORE_CAP = 0.5  # for detectors without their own: high scores are wrong more often than those of `faces`


def chance(doubt: float, score: float) -> float:
    """The chance, 0…1.

    doubt: relative: how far the answers for a face and for its mirror image lie apart, divided by
           `Trained.doubt`, which 99 of 100 faces do not exceed
    score: the detector's, 0…1, already capped
    """
    odds = sum(a * b for a, b in zip((PLAIN, DOUBT, SCORE), features(doubt, score), strict=True))
    return 1 / (1 + math.exp(-odds))


def features(doubt: float, score: float) -> tuple[float, float, float]:
    """What PLAIN, DOUBT and SCORE are multiplied by."""
    bounded = min(max(score, SCORES[0]), SCORES[1])
    return 1.0, math.log(doubt + FLOOR), math.log(bounded / (1 - bounded))
