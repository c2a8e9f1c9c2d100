"""How likely a place shows a face, by how sure the detector is of it and in how much doubt the net.

The chance is a logistic curve that `make boxes` fitted to places in scenes of training photographs, found by
`faces` and looked at by the shipped `landmarks`: results/boxes.md.
"""

from __future__ import annotations

import math

# In the curve's logarithmic odds: as it is, per logarithm of the doubt in terms of what is usual, and per
# logarithmic odds of the detector's score.
PLAIN, DOUBT, SCORE = 3.54, -1.77, 2.85
LEAST = 0.8  # a less likely place shows no face; chosen on training and validation photographs
FLOOR = 0.1  # of the usual doubt: less says no more
SCORES = 0.3, 0.7  # a lower score, or a higher one, says no more either


def chance(doubt: float, score: float) -> float:
    """The chance, 0…1.

    doubt: how far the answers for a face and for its mirror image lie apart, over what 99 of 100 faces
           differ by at most (`Trained.doubt`)
    score: the detector's, 0…1
    """
    odds = sum(a * b for a, b in zip((PLAIN, DOUBT, SCORE), features(doubt, score), strict=True))
    return 1 / (1 + math.exp(-odds))


def features(doubt: float, score: float) -> tuple[float, float, float]:
    """What the curve's numbers multiply."""
    bounded = min(max(score, SCORES[0]), SCORES[1])
    return 1.0, math.log(doubt + FLOOR), math.log(bounded / (1 - bounded))
