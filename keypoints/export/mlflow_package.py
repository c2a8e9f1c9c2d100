"""A trained part as an MLflow model: signature, example, code and pinned requirements in one folder."""

from __future__ import annotations

import base64
import io
import shutil
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

from keypoints import files, paths, pretrained
from keypoints.errors import UserError
from keypoints.export import onnx_graph
from keypoints.models.trained import Trained
from keypoints.tracking import store
from keypoints.tracking.store import Store

PACKAGE = Path(__file__).resolve().parent.parent
# What mlflow_model.py imports, directly and through others: neither torch nor DVC.
NEEDED = ["mlflow", "numpy", "onnxruntime", "opencv-python-headless", "pillow", "pydantic"]


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


def log(trained: Trained, weights: Path, target: Store, run_id: str, register: str | None = None) -> None:
    """Give a run in MLflow the model of a weights file, or of an ONNX file that `save` has made.

    Weights stay as they are and need torch: to make an ONNX file takes some seconds more. `register`: also as
    a new version of the registry's model of this name.
    """
    import mlflow
    from mlflow import pyfunc
    from mlflow.models import Model

    mlflow.set_tracking_uri(target.address)
    mlflow.set_experiment(experiment_id=target.experiment)  # or the model would belong to another one
    packages = NEEDED if weights.suffix == ".onnx" else [*NEEDED, "torch"]
    Model.log(
        artifact_path=None,
        name=weights.stem,
        flavor=pyfunc,
        run_id=run_id,
        registered_model_name=register,
        **contents(trained, weights, packages),
    )


def register(trained: Trained, name: str, folder: Path, register: str) -> None:
    """Make a version of the registry's model `register` of a folder that `save` has written, in its own run.

    The registry is the one of MLFLOW_TRACKING_URI, or of mlflow.db here. Raises `UserError`.
    """
    target = store.connect(paths.workspace().resolve())
    try:
        run = target.client.create_run(target.experiment, tags={"part": name}, run_name=f"export {name}")
        log(trained, folder / "artifacts" / f"{name}.onnx", target, run.info.run_id, register)
        target.client.set_terminated(run.info.run_id)
    except Exception as error:  # SQLAlchemy's, requests', MLflow's own
        raise UserError(f"{target.address}: {store.explain(error)}") from None


def contents(trained: Trained, weights: Path, packages: list[str]) -> dict[str, Any]:
    """What `pyfunc` makes a model of."""
    from mlflow.utils import requirements_utils

    # MLflow compares the pins with the environment, which they are taken from here; to list the modules of
    # all packages for it takes seconds. A list that is there is not made.
    requirements_utils._MODULES_TO_PACKAGES = {}  # type: ignore[assignment]
    return {
        "python_model": str(Path(__file__).with_name("mlflow_model.py")),
        "artifacts": {
            "weights": str(weights),
            "detector": str(pretrained.file("faces")),
            "glance": str(pretrained.file("glance")),
        },
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
