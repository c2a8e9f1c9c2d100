"""A trained part as an MLflow model: signature, example, code and pinned requirements in one folder."""

from __future__ import annotations

import base64
import io
import os
import re
import shutil
from pathlib import Path
from typing import Any

from keypoints.errors import UserError
from keypoints.weights import Trained

PACKAGE = Path(__file__).resolve().parent
# What served.py imports, near and far, under the names of requirements.txt.
NEEDED = {"mlflow", "numpy", "opencv-python-headless", "pillow", "pydantic", "pyyaml", "torch"}


def save(trained: Trained, weights: Path, folder: Path) -> None:
    """Write the model of a weights file into `folder`, in the place of a former model only.

    It loads without this repository. Raises `UserError` for a folder that holds something else.
    """
    from mlflow import pyfunc

    if folder.exists() and not (folder / "MLmodel").is_file():
        raise UserError(f"{folder} is there and no MLflow model: name another folder")
    part = folder.with_name(f".{folder.name}.{os.getpid()}")  # a model appears whole or not at all
    try:
        pyfunc.save_model(
            part,
            python_model=str(PACKAGE / "served.py"),
            artifacts={"weights": str(weights)},
            code_paths=[str(PACKAGE)],
            pip_requirements=requirements(trained),
            input_example=[example()],
            metadata={"recipe": trained.part.recipe, "scheme": trained.scheme.name},
        )
        shutil.rmtree(folder, ignore_errors=True)
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def requirements(trained: Trained) -> list[str]:
    """The pins of requirements.txt for what the model needs."""
    needed = NEEDED | ({"torchvision"} if trained.part.model.family == "backbone" else set())
    lines = (PACKAGE.parent / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if re.split("==", line)[0] in needed]


def example() -> dict[str, Any]:
    """A request: a face that the project draws itself, in its box."""
    from keypoints.datasets.synthetic.drawing import Expression, Person, Pose, Scene, draw

    image = draw(Person(), Expression(smile=0.3), Pose(96, 96, 56), Scene(noise=0), (192, 192)).image
    file = io.BytesIO()
    image.save(file, "JPEG", quality=80)
    return {"image": base64.b64encode(file.getvalue()).decode(), "boxes": [[36.0, 40.0, 120.0, 120.0]]}
