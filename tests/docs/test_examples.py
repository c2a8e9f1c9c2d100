"""The README's examples run as they stand, on the photograph that scikit-image brings along."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import skimage
import torch
from PIL import Image

from keypoints import crops
from keypoints.export import mlflow_package, onnx_graph
from keypoints.models.trained import Trained
from keypoints.paths import ROOT
from keypoints.pictures.images import open_picture
from keypoints.predict.looking import Place
from keypoints.predict.predictor import Predictor
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


def test_ray_data_answers_for_every_photograph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    (tmp_path / "photos").mkdir()
    Image.fromarray(skimage.data.astronaut()).save(tmp_path / "photos/astronaut.png")
    (tmp_path / "photos/none.jpg").write_bytes(b"no picture")
    command = [sys.executable, ROOT / "docs/examples/ray_data.py", "photos", "faces"]
    done = subprocess.run(command, cwd=tmp_path, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for file in (tmp_path / "faces").iterdir() for line in file.open()]
    found = {Path(row["path"]).name: row for row in rows}
    assert "no picture" in found["none.jpg"]["error"] or "no format" in found["none.jpg"]["error"]
    expected = [face.as_dict() for face in Predictor(threads=1)(tmp_path / "photos/astronaut.png")]
    assert json.loads(found["astronaut.png"]["faces"]) == expected


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_examples_are_short(example: Path) -> None:
    code = [line for line in example.read_text().splitlines()[1:] if line and "import" not in line]
    assert len(code) <= 12
