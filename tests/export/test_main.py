"""The command: a file that says all that a program has to know of it, or one line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from PIL import Image

from keypoints import crops, errors
from keypoints.export import __main__, onnx_graph
from keypoints.models.trained import Trained
from keypoints.paths import ROOT
from keypoints.predict.looking import Place
from keypoints.predict.predictor import Predictor
from tests.export.helpers import shell


@pytest.fixture(scope="module")
def onnx_file(file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the command line makes of half-precision weights."""
    out = tmp_path_factory.mktemp("onnx") / "nose.onnx"
    done = shell("-m", "keypoints.export", "--weights", file, "--out", out)
    assert done.returncode == 0 and not done.stderr, done.stderr
    assert done.stdout.startswith(f"{out}: 1 points, at most ") and done.stdout.count("\n") == 1
    return out


def test_the_metadata_lead_from_a_box_to_the_crop(onnx_file: Path, file: Path) -> None:
    about = onnxruntime.InferenceSession(onnx_file).get_modelmeta().custom_metadata_map
    own = Trained.load(file)
    assert (about["part"], about["recipe"], about["scheme"]) == ("nose", "blobs", "nose1")
    assert json.loads(about["names"]) == own.scheme.names()
    assert json.loads(about["size"]) == own.part.data.crop_size and about["mode"] == "L"
    assert (about["region"], float(about["scale"])) == ("image", 1.0)

    left, top, width, height = json.loads(about["view"])
    side = 50.0
    seen = (10 + side * left, 20 + side * top, side * width, side * height)
    picture = Image.new("RGB", (120, 90))
    _, matrices = Predictor(weights=file, detector="whole").cut([Place(picture, (10.0, 20.0, side, side))])
    np.testing.assert_allclose(crops.affine(seen, (24, 24)), matrices[0], rtol=1e-5)


def test_the_file_tells_nothing_of_the_machine_and_is_the_same_again(
    onnx_file: Path, tmp_path: Path, file: Path
) -> None:
    content = onnx_file.read_bytes()
    assert str(ROOT).encode() not in content and b"site-packages" not in content
    onnx_graph.save(Trained.load(file), "nose", tmp_path / "again.onnx")
    assert (tmp_path / "again.onnx").read_bytes() == content


@pytest.mark.parametrize(
    "part, own, said",
    [
        ("landmarks", Path("none.pt"), "none.pt is missing"),
        ("landmarks", ROOT / "README.md", "README.md is no weights file"),
        ("chin", None, "'chin' is none of landmarks, face, nose"),
    ],
)
def test_what_cannot_be_exported_is_one_line(part: str, own: Path | None, said: str) -> None:
    with pytest.raises(SystemExit) as caught:
        errors.run(__main__.main, part, own, None, None)
    assert said in str(caught.value) and "\n" not in str(caught.value)
