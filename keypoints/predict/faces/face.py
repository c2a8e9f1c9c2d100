"""A face that was found: its box and points, and all that follows from them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from keypoints.crops import Region
from keypoints.predict.faces import confidence, derived, openness, pose
from keypoints.predict.faces.openness import Eyes
from keypoints.predict.faces.pose import Pose

if TYPE_CHECKING:
    from PIL import Image

    from keypoints.pictures.images import Picture


@dataclass(frozen=True, eq=False)  # arrays do not compare as one: a face is the same as itself
class Face:
    """A face and its points; what follows from them is computed on first access.

    box:    (left, top, width, height) as dlib's detector draws it, pixels of the picture
    score:  how sure the detector is, on a scale of its own; 1 for a box that was given
    points: (K, 2) float32 x, y in pixels of the picture, the centre of its first pixel at (0, 0)
    names:  K names, as `jaw_0`
    apart:  (K,) how far each point's predictions for the face and for its mirror image lie apart, % of the
            eye distance; None where there was one prediction
    blinks: for a face of a film: how many times it has blinked until now

    Where the points are not iBUG's 68, there is no pose, and nothing of eyes, mouth and confidence.
    """

    box: Region
    score: float
    points: np.ndarray
    names: list[str]
    apart: np.ndarray | None = None
    blinks: int | None = None

    @property
    def doubt(self) -> float:
        """The mean of `apart`, %; 0 where there was one prediction."""
        return 0.0 if self.apart is None else float(self.apart.mean())

    @cached_property
    def pose(self) -> Pose | None:
        """Where the head looks, degrees: see `pose.Pose` for the signs."""
        return pose.estimate(self.points) if self.names == derived.IBUG_NAMES else None

    @cached_property
    def eyes(self) -> Eyes | None:
        """How far the picture's left and right eye are open: height over width, 0.3 is usual."""
        return openness.eyes(self.points, self.pose) if self.pose else None

    @property
    def mouth(self) -> float | None:
        """How far the lips are apart, height over width: 0 is closed."""
        return openness.mouth(self.points, self.pose) if self.pose else None

    @property
    def blink(self) -> bool | None:
        """Whether the eyes are closed, on this picture: their mean openness is below `openness.CLOSED`."""
        return self.eyes.mean < openness.CLOSED if self.eyes else None

    @cached_property
    def confidences(self) -> np.ndarray | None:
        """The chance (68,), 0…1, that each point errs by less than 5 % of the eye corners' distance.

        As measured with the shipped weights (see `confidence`).
        """
        known = self.apart is not None and self.names == derived.IBUG_NAMES
        return confidence.of_points(self.apart) if known else None  # type: ignore[arg-type]

    @property
    def confidence(self) -> float | None:
        """The mean of `confidences`: the share of points, 0…1, that are expected to be right."""
        return None if self.confidences is None else float(self.confidences.mean())

    def chip(self, picture: Picture, size: int = 112) -> Image.Image:
        """The face cut out of its picture, size x size pixels of mode RGB, aligned for face recognisers.

        The picture is what `Predictor` was given, or the same in another form, and turned as there. Eyes,
        nose and mouth are where ArcFace (Deng et al., 2019) has them. Raises `UserError` for an impossible
        size and for points without eyes, nose and mouth, ValueError for points on one spot, and as
        `open_picture`.
        """
        from keypoints.pictures.images import open_picture
        from keypoints.predict.faces import chips

        return chips.cut(open_picture(picture), self.points, self.names, size)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON: box, score, points as {name, x, y}, and those of `derived.describe`.

        Coordinates are rounded to a hundredth of a pixel.
        """
        points = [
            {"name": name, "x": round(float(x), 2), "y": round(float(y), 2)}
            for name, (x, y) in zip(self.names, self.points, strict=True)
        ]
        plain = {"box": [round(v, 2) for v in self.box], "score": round(self.score, 4), "points": points}
        return plain | derived.describe(self)
