"""OpenCV's YuNet, whose ONNX file the user brings."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from keypoints.errors import UserError
from keypoints.predict.detectors.detection import Calibration, Detection, pad_to_square

CALIBRATION = Calibration(side=1.0, right=0.0, down=0.0)  # not measured: its file does not come along
LONGEST = 640  # pixels: a larger picture is searched at this size


class YuNet:
    """OpenCV's YuNet (Wu et al., 2023), whose ONNX file the user brings (OpenCV Zoo has it)."""

    def __init__(self, model: Path | None = None) -> None:
        import cv2

        if model is None or not model.is_file():
            raise UserError(
                f"--detector yunet: name its file by --detector-model (not {model}): OpenCV Zoo has it, "
                "models/face_detection_yunet"
            )
        try:
            self.net = cv2.FaceDetectorYN.create(str(model), "", (LONGEST, LONGEST), score_threshold=0.6)
        except cv2.error:
            raise UserError(f"{model} is no YuNet that OpenCV {cv2.__version__} reads") from None

    def __call__(self, image: np.ndarray) -> list[Detection]:
        square = pad_to_square(image, LONGEST)  # some of its files have a fixed size
        rows = self.net.detect(np.ascontiguousarray(square[..., ::-1]))[1]
        found = [] if rows is None else rows.tolist()
        return [
            Detection((left, top, width, height), row[-1])
            for row in found
            for left, top, width, height in [row[:4]]
        ]
