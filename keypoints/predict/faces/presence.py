"""How likely it is that a place shows a face, given the detector's score and what a net sees.

The chance is a logistic curve that `make boxes` fitted to places in scenes of training photographs, found by
the detector `faces`: one curve for places that the shipped `glance` has glanced at, by how clearly it sees a
face there, and one for those that `landmarks` has then looked at, by its doubt. See results/boxes.md.

The score is bounded twice. The curves were fitted to scores clipped to SCORES. A score to be judged is first
capped at CAP, which is lower: a high score excuses less than the fit would allow, also one of another
detector, whose high scores are wrong more often.
"""

from __future__ import annotations

import math
from typing import NamedTuple

# Chosen on training and validation photographs:
LEAST = 0.75  # a less likely place shows no face
WORTH = 0.3  # a place that is less likely a face by a glance is not looked at
CAP = 0.6
SCORES = 0.3, 0.7
FLOOR = 0.1  # is added to the relative doubt, whose logarithm would have no limit


class Curve(NamedTuple):
    """Coefficients of a face's log-odds: intercept, per log of the evidence, per logit of the score."""

    plain: float
    evidence: float
    score: float

    def chance(self, evidence: float, score: float) -> float:
        """The chance, 0…1; the evidence is above 0, and the detector's score 0…1."""
        odds = sum(a * b for a, b in zip(self, features(evidence, min(score, CAP)), strict=True))
        return 1 / (1 + math.exp(-odds))


LOOK = Curve(3.92, -1.88, 3.61)
GLANCE = Curve(8.65, 7.51, 3.68)


def by_look(doubt: float, score: float) -> float:
    """The chance, 0…1, by a look.

    doubt: relative: how far the answers for a face and for its mirror image lie apart, divided by
           `Trained.doubt`, which 99 of 100 faces do not exceed
    score: the detector's, 0…1
    """
    return LOOK.chance(evidence_of_look(doubt), score)


def by_glance(clarity: float, score: float) -> float:
    """The chance, 0…1, by a glance; clarity as in `glancing.Glimpse`, score the detector's, 0…1."""
    return GLANCE.chance(clarity, score)


def evidence_of_look(doubt: float) -> float:
    """What LOOK takes for a relative doubt, 0 or more; GLANCE takes the clarity as it is."""
    return doubt + FLOOR


def features(evidence: float, score: float) -> tuple[float, float, float]:
    """What a curve's coefficients are multiplied by."""
    bounded = min(max(score, SCORES[0]), SCORES[1])
    return 1.0, math.log(evidence), math.log(bounded / (1 - bounded))
