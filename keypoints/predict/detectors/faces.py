"""The project's own detector: the part `faces`, trained by the pipeline; nothing to install."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from keypoints import crops, pretrained
from keypoints.errors import UserError
from keypoints.predict.detectors.detection import Calibration, Detection

CALIBRATION = Calibration(side=1.049, right=-0.018, down=-0.013)  # measured: results/boxes.md
LONGEST = 384  # pixels: a larger picture is searched at this size
SMALL = 64  # of those pixels: beside a face with such a side, others may be too small to be seen
CLOSER = 1280  # pixels: a picture with such a face is searched for more of them at this size as well
ENLARGED = 2.0  # and is enlarged for it by no more than that
SURE = 0.3  # a less certain place is no face; chosen on validation photographs
ALONE = 0.6  # the same where no net can tell afterwards what is a face
STEP = 32  # pixels: pictures are padded to a multiple of it, with grey on the right and below


class Faces:
    """Scores are the net's own, 0…1; boxes are those of the face turned upright, and come with its roll.

    `model` is an ONNX file of a detector, as `keypoints export` writes it. Raises `UserError` for another.
    """

    def __init__(self, model: Path | None = None) -> None:
        from keypoints.predict.runtimes import open_session

        file = model or pretrained.file("faces")
        try:
            self.session = open_session(file, threads=1)
            self.session.run(["faces"], {"crops": np.zeros((1, STEP, STEP, 3), np.uint8)})
        except Exception as error:  # ONNX Runtime raises kinds of its own for what it cannot read
            raise UserError(f"{file} is no detector of this project ({type(error).__name__})") from None

    def __call__(self, image: np.ndarray) -> list[Detection]:
        height, width = image.shape[:2]
        padded = np.full((-(-height // STEP) * STEP, -(-width // STEP) * STEP, 3), 128, np.uint8)
        padded[:height, :width] = image
        ((found,),) = self.session.run(["faces"], {"crops": padded[None]})
        sure = found[found[:, 4] > SURE].astype(float)
        places = [(*crops.from_axis(face[:4].reshape(2, 2)), face[4]) for face in sure]
        return [Detection(box, float(score), roll) for box, roll, score in places if box[2] > 1]
