"""The predictors behind the page: one for each choice that was made, of which the last few are kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from keypoints.app.uploads import Refused
from keypoints.errors import UserError

if TYPE_CHECKING:
    from keypoints.predict.predictor import Predictor

    Make = Callable[[str, bool], Predictor]

KEPT = 6  # predictors: each holds its nets
LABELS = {"landmarks": "68 points", "face": "58 points", "nose": "Nose"}


class Models:
    """What can be chosen, and the predictors for it. Not thread-safe.

    parts:     part -> what makes its predictor, given a detector's name and whether to look at the mirrored
               face too
    detectors: their names, the default first
    """

    def __init__(self, parts: Mapping[str, Make], detectors: Sequence[str]) -> None:
        self.parts, self.detectors = parts, detectors
        self._made: dict[tuple[str, str, bool], Predictor] = {}  # the last used one comes last

    def check(self, part: str | None, detector: str | None) -> tuple[str, str]:
        """The part and the detector of these names; None is the first. Raises `Refused` for others."""
        part, detector = part or next(iter(self.parts)), detector or self.detectors[0]
        if part not in self.parts:
            raise Refused(422, f"The model {part!r} is none of {', '.join(self.parts)}")
        if detector not in self.detectors:
            raise Refused(422, f"The detector {detector!r} is none of {', '.join(self.detectors)}")
        return part, detector

    def get(self, part: str, detector: str, tta: bool) -> Predictor:
        """The predictor of a choice, made at its first picture. Raises `UserError` as `Predictor` does."""
        key = part, detector, tta
        predictor = self._made.pop(key, None) or self.parts[part](detector, tta)
        self._made[key] = predictor
        if len(self._made) > KEPT:
            del self._made[next(iter(self._made))]
        return predictor

    def choices(self) -> dict[str, dict[str, str]]:
        """Names and labels of parts and detectors."""
        from keypoints.predict.detectors import DETECTORS

        return {
            "parts": {part: LABELS.get(part, part) for part in self.parts},
            "detectors": {name: DETECTORS[name].label for name in self.detectors},
        }


def usable_detectors(first: str, model: Path | None = None) -> list[str]:
    """The names `first` and, after it, of every other detector that works here without a file.

    `model` is the file of the first. Raises `UserError` where the first does not work.
    """
    from keypoints.predict import detectors

    detectors.load(first, model)
    found = [first]
    for name in detectors.DETECTORS:
        if name != first:
            try:
                detectors.load(name)
            except UserError:  # it is not installed, or needs a file
                continue
            found.append(name)
    return found
