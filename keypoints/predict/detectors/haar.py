"""OpenCV's cascades: nothing to install."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from keypoints.predict.detectors.detection import Calibration, Detection, logistic

CALIBRATION = Calibration(side=0.918, right=-0.011, down=0.060)  # measured: results/boxes.md
LONGEST = 1_024  # pixels: a larger picture is searched at this size
SMALLEST = 24  # pixels: smaller faces are not looked for


# Of a cascade's weights: where half of its detections are faces, and how fast that share grows (logistic fits
# on 400 training photographs of iBUG).
FRONT, OTHERS = (54.64, 3.7), (1.5, 0.68)


class Haar:
    """OpenCV's cascades (Viola and Jones, 2001): the strictest first, others where it finds nothing."""

    def __init__(self, model: Path | None = None) -> None:
        import cv2

        folder = Path(cv2.data.haarcascades)
        self.front, self.any_front, self.side = (
            cv2.CascadeClassifier(str(folder / f"haarcascade_{name}.xml"))
            for name in ("frontalface_alt2", "frontalface_default", "profileface")
        )

    def __call__(self, image: np.ndarray) -> list[Detection]:
        import cv2

        grey = cv2.equalizeHist(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))
        return (
            self._search(self.front, grey, 3, FRONT)
            or self._search(self.any_front, grey, 4, OTHERS)
            or self._search(self.side, grey, 3, OTHERS) + self._search_mirrored(grey)
        )

    def _search_mirrored(self, grey: np.ndarray) -> list[Detection]:
        """Faces that look to the other side than the cascade knows."""
        found = self._search(self.side, np.ascontiguousarray(grey[:, ::-1]), 3, OTHERS)
        return [Detection((grey.shape[1] - d.box[0] - d.box[2], *d.box[1:]), d.score) for d in found]

    @staticmethod
    def _search(
        cascade: Any, grey: np.ndarray, neighbours: int, scores: tuple[float, float]
    ) -> list[Detection]:
        """`neighbours`: how many overlapping hits make a face."""
        boxes, _, weights = cascade.detectMultiScale3(
            grey, 1.1, neighbours, minSize=(SMALLEST, SMALLEST), outputRejectLevels=True
        )
        return [
            Detection((float(left), float(top), float(width), float(height)), logistic(weight, *scores))
            for (left, top, width, height), weight in zip(boxes, weights, strict=True)
        ]
