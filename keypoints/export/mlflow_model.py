"""What an MLflow model of this project runs: pictures in, faces out.

MLflow executes this file where the model was saved and where it is loaded (its "models from code"),
so that nothing is pickled; `keypoints` comes along with the model.
"""

import base64
import binascii
import threading
from typing import Any, cast

from mlflow.exceptions import MlflowException
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel
from pydantic import BaseModel

from keypoints.crops import Region
from keypoints.predict.faces.face import Face
from keypoints.predict.predictor import Predictor


class Picture(BaseModel):
    """image: a picture file's bytes in base64. boxes: left, top, width, height; else a detector looks."""

    image: str
    boxes: list[list[float]] | None = None


class Point(BaseModel):
    """Pixels of the picture."""

    name: str
    x: float
    y: float


class Found(BaseModel):
    """`Face.as_dict` for the signature; what is returned are its plain dicts."""

    box: list[float]
    score: float
    points: list[Point]
    pose: dict[str, float] | None = None
    eyes: dict[str, float] | None = None
    mouth: float | None = None
    blink: bool | None = None
    confidence: float | None = None
    confidences: list[float] | None = None


class Faces(PythonModel):
    """A list of faces for every picture."""

    def load_context(self, context: Any) -> None:
        brought = context.artifacts
        self.predictor = Predictor(
            weights=brought["weights"],
            detector="faces",
            detector_model=brought["detector"],
            glance=brought["glance"],
        )
        self.turn = threading.Lock()  # one picture at a time is in memory

    def predict(self, model_input: list[Picture]) -> list[list[Found]]:  # type: ignore[override]  # MLflow's way
        return [
            [cast(Found, face.as_dict()) for face in self.faces(*item)] for item in enumerate(model_input)
        ]

    def faces(self, number: int, picture: Picture) -> list[Face]:
        """Raises MlflowException, which a server answers as status 400, for what is no picture."""
        try:
            content = base64.b64decode(picture.image, validate=True)
            boxes = None if picture.boxes is None else [cast(Region, tuple(box)) for box in picture.boxes]
            with self.turn:
                return self.predictor(content, boxes)
        except (binascii.Error, ValueError) as error:
            raise MlflowException.invalid_parameter_value(f"picture {number}: {error}") from None


set_model(Faces())
