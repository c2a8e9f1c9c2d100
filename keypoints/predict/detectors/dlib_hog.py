"""dlib's HOG detector, whose boxes the data sets have; needs `pip install dlib-bin`."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from keypoints.errors import UserError
from keypoints.predict.detectors.detection import Calibration, Detection, logistic

CALIBRATION = Calibration(side=1.0, right=0.0, down=0.0)
LONGEST = 1_024  # pixels: a larger picture is searched at this size


class Dlib:
    """dlib's HOG detector (King, 2009), whose boxes the data sets have; needs `pip install dlib-bin`."""

    def __init__(self, model: Path | None = None) -> None:
        try:
            import dlib
        except ImportError:
            raise UserError("--detector dlib: install it first: pip install dlib-bin") from None
        self.detector = dlib.get_frontal_face_detector()

    def __call__(self, image: np.ndarray) -> list[Detection]:
        found, scores, _ = self.detector.run(image, 1, 0.0)  # one upsampling: faces from 40 pixels on
        boxes = [(float(r.left()), float(r.top()), float(r.width()), float(r.height())) for r in found]
        return [Detection(box, logistic(score, 0.0, 2.0)) for box, score in zip(boxes, scores, strict=True)]
