"""The README's examples run as they stand, on the photograph that scikit-image brings along."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import skimage
import torch

from keypoints import crops
from keypoints.export import mlflow_package, onnx_graph
from keypoints.images import open_picture
from keypoints.models.trained import Trained
from keypoints.paths import ROOT
from keypoints.predict.predictor import Place, Predictor
from tests.blobs import PART

EXAMPLES = sorted((ROOT / "docs/examples").glob("*.py"))
LANDMARKS = replace(PART, data=replace(PART.data, dataset="ibug", points="ibug68", region="box", scale=1.3))
# Runs a file as a program, and stops whoever imports torch, whether he would do without it or not.
NO_TORCH = """
import runpy, sys

class Refusing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "torch":
            raise RuntimeError(f"{name} is imported")

sys.meta_path.insert(0, Refusing())
runpy.run_path(sys.argv[1], run_name="__main__")
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with exports/ of a small net that has learned nothing: weights.pt."""
    made = tmp_path_factory.mktemp("examples")
    torch.manual_seed(0)
    trained = Trained.new(LANDMARKS)  # of unknown doubt: it believes its detector
    trained.save(made / "weights.pt")
    onnx_graph.save(trained, "landmarks", made / "exports/landmarks.onnx")
    mlflow_package.save(trained, "landmarks", made / "exports/landmarks-mlflow")
    return made


def printed(folder: Path, *command: str | Path) -> np.ndarray:
    """The points (K, 2) that a program prints, pixels."""
    done = subprocess.run([sys.executable, *command], cwd=folder, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines() if not line.startswith("face at")]
    assert [line[0] for line in lines[:2]] == ["jaw_0", "jaw_1"]
    return np.array([[float(x), float(y)] for _, x, y in lines])


def test_predict_finds_the_astronaut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    points = printed(ROOT, "docs/examples/predict.py")
    assert points.shape == (68, 2)
    assert np.hypot(*(points[30] - [226, 126])) < 10  # the tip of the nose, where the eye sees it


def test_without_torch_finds_what_torch_finds(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    points = printed(folder, "-c", NO_TORCH, ROOT / "docs/examples/without_torch.py")
    predictor = Predictor(weights=folder / "weights.pt")
    picture = open_picture(skimage.data.astronaut())
    cut, matrices = predictor.cut([Place(picture, found.box) for found in predictor.find(picture)])
    expected = crops.apply(crops.inverse(matrices), predictor.net.points(cut)).reshape(-1, 2)
    np.testing.assert_allclose(points, expected, atol=0.06)


def test_the_refusal_of_torch_works(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("try:\n    import torch.nn\nexcept ImportError:\n    pass\n")
    done = subprocess.run([sys.executable, "-c", NO_TORCH, tmp_path / "a.py"], text=True, capture_output=True)
    assert done.stderr.endswith("RuntimeError: torch is imported\n")


def test_the_mlflow_model_answers_as_the_predictor(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONPATH", raising=False)
    points = printed(folder, ROOT / "docs/examples/mlflow_model.py")
    faces = Predictor(weights=folder / "weights.pt")(skimage.data.astronaut())
    np.testing.assert_allclose(points, np.concatenate([face.points for face in faces]), atol=0.06)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_examples_are_short(example: Path) -> None:
    code = [line for line in example.read_text().splitlines()[1:] if line and "import" not in line]
    assert len(code) <= 12
