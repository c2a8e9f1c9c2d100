"""An exported part answers as the project does, and says all that a program has to know of it."""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import requests
import torch
import yaml
from PIL import Image

from keypoints import crops, errors
from keypoints.errors import UserError
from keypoints.export import __main__, mlflow_package, onnx_graph
from keypoints.models import trained
from keypoints.models.trained import Trained
from keypoints.predict.predictor import Predictor
from keypoints.recipes import Codec, Model, Part
from tests.blobs import PART

ROOT = Path(__file__).resolve().parent.parent
LAYERS = {"channels": [4, 6], "kernel": 3}
HEATMAP = Codec("heatmap", "cross_entropy", sigma=0.1, map_size=[28, 28])
PARTS = {
    "soft-argmax": PART,
    "maps, colour": replace(
        PART, data=replace(PART.data, channels=3), codec=replace(HEATMAP, map_size=[6, 6])
    ),
    "pca": replace(
        PART,
        data=replace(PART.data, points="imm58"),
        codec=Codec("pca", "mse", components=3),
        model=Model("plain", {**LAYERS, "norm": "after", "pool": 2}),
    ),
    "adaptive": replace(PART, model=Model("plain", {**LAYERS, "adaptive": [10, [5, 7]], "linear": [8]})),
    "unet": replace(
        PART, data=replace(PART.data, crop_size=[28, 28]), codec=HEATMAP, model=Model("unet", {"width": 2})
    ),
}


def trained(part: Part = PART) -> Trained:
    torch.manual_seed(0)
    made = Trained.new(part)
    width, height = part.data.crop_size
    made.model.train()(torch.rand(4, part.data.channels, height, width))  # moves the norms' statistics
    made.codec.fit(torch.rand(9, made.scheme.points, 2) * 20)
    return made


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "nose.pt"
    trained().save(path, half=True)
    return path


def shell(*command: str | Path, **more) -> subprocess.CompletedProcess:
    """A command of this Python, from the project's root unless told otherwise."""
    return subprocess.run(
        [sys.executable, *command], **{"cwd": ROOT, "text": True, "capture_output": True} | more
    )


@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
def test_onnx_runtime_answers_as_torch_does(part: Part, tmp_path: Path) -> None:
    made = trained(part)
    assert onnx_graph.save(made, "some", tmp_path / "new" / "some.onnx") <= onnx_graph.TOLERANCE
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["some.onnx"]
    session = onnxruntime.InferenceSession(tmp_path / "new" / "some.onnx")
    faces = onnx_graph.examples(made, 5)
    (found,) = session.run(["points"], {"crops": faces})
    assert found.dtype == np.float32 and found.shape == (5, made.scheme.points, 2)
    np.testing.assert_allclose(found, made.points(faces), atol=onnx_graph.TOLERANCE)


@pytest.mark.parametrize("pixels, cells", [(12, 5), (7, 3), (5, 5), (3, 8), (28, 32), (9, 1)])
def test_adaptive_cells_are_torchs(pixels: int, cells: int) -> None:
    x = torch.rand(2, 3, pixels, pixels + 2, generator=torch.Generator().manual_seed(0))
    wanted = torch.nn.AdaptiveMaxPool2d((cells, 4))(x)
    torch.testing.assert_close(onnx_graph.AdaptiveMax((cells, 4))(x), wanted, rtol=0, atol=0)


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
    own = trained.load(file)
    assert (about["part"], about["recipe"], about["scheme"]) == ("nose", "blobs", "nose1")
    assert json.loads(about["names"]) == own.scheme.names()
    assert json.loads(about["size"]) == own.part.data.crop_size and about["mode"] == "L"
    assert (about["region"], float(about["scale"])) == ("image", 1.0)

    left, top, width, height = json.loads(about["view"])
    side = 50.0
    seen = (10 + side * left, 20 + side * top, side * width, side * height)
    picture = Image.new("RGB", (120, 90))
    cut = Predictor(weights=file, detector="whole").cut([(picture, (10.0, 20.0, side, side))])
    np.testing.assert_allclose(crops.affine(seen, (24, 24)), cut.matrices[0], rtol=1e-5)


def test_the_file_tells_nothing_of_the_machine_and_is_the_same_again(
    onnx_file: Path, tmp_path: Path, file: Path
) -> None:
    content = onnx_file.read_bytes()
    assert str(ROOT).encode() not in content and b"site-packages" not in content
    onnx_graph.save(trained.load(file), "nose", tmp_path / "again.onnx")
    assert (tmp_path / "again.onnx").read_bytes() == content


def test_a_graph_that_differs_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph, "difference", lambda *_: float("nan"))
    with pytest.raises(UserError, match=r"a\.onnx: ONNX Runtime differs from torch by nan px"):
        onnx_graph.save(trained(PARTS["adaptive"]), "a", tmp_path / "a.onnx")
    assert not list(tmp_path.iterdir())


def test_a_net_that_onnx_cannot_say_is_refused_in_one_line(tmp_path: Path) -> None:
    class Odd(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.linalg.eigvals(x[:, 0]).real[:, :2]

    made = trained()
    made.model = torch.nn.Sequential(made.model, Odd())
    with pytest.raises(UserError, match="ONNX cannot say this net") as caught, __main__.quiet():
        onnx_graph.save(made, "a", tmp_path / "a.onnx")
    assert "\n" not in str(caught.value) and not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "part, own, said",
    [
        ("landmarks", Path("none.pt"), "none.pt is missing"),
        ("landmarks", ROOT / "README.md", "README.md is no weights file"),
        ("chin", None, "'chin' is none of landmarks, face, nose"),
    ],
)
def test_what_cannot_be_exported_is_said_in_one_line(part: str, own: Path | None, said: str) -> None:
    with pytest.raises(SystemExit) as caught:
        errors.run(__main__.main, part, own, None, None)
    assert said in str(caught.value) and "\n" not in str(caught.value)


@pytest.fixture(scope="module")
def model(file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mlflow") / "nose"
    done = shell("-m", "keypoints.export", "--weights", file, "--mlflow", folder)
    assert done.returncode == 0 and not done.stderr, done.stderr
    assert [path.name for path in folder.parent.iterdir()] == ["nose"]
    return folder


def alone() -> dict[str, str]:
    """An environment without this repository on the path."""
    own = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return own | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def test_the_model_names_its_columns_and_pins_what_it_needs(model: Path) -> None:
    signature = yaml.safe_load((model / "MLmodel").read_text())["signature"]
    (picture,), (faces,) = json.loads(signature["inputs"]), json.loads(signature["outputs"])
    assert picture["properties"]["image"] == {"type": "string", "required": True}
    assert not picture["properties"]["boxes"]["required"]
    assert set(faces["items"]["properties"]) == {"box", "score", "points"}
    pins = (model / "requirements.txt").read_text().split()
    assert {pin.split("==")[0] for pin in pins} == mlflow_package.NEEDED
    assert set(pins) <= set((ROOT / "requirements.txt").read_text().split())


LOADED = """
import json, sys
import mlflow.pyfunc
from mlflow.exceptions import MlflowException
model = mlflow.pyfunc.load_model(sys.argv[1])
picture = json.load(open(sys.argv[1] + "/input_example.json"))[0]
answers = model.predict([picture, {"image": picture["image"], "boxes": []}])
try:
    model.predict([picture, {"image": "bm8="}])
except MlflowException as error:
    refused = str(error)
import keypoints
print(json.dumps([answers, refused, keypoints.__file__]))
"""


def test_the_model_loads_without_the_repository_and_answers_as_the_predictor(
    model: Path, file: Path, tmp_path: Path
) -> None:
    done = shell("-c", LOADED, model, cwd=tmp_path, env=alone())
    assert done.returncode == 0, done.stderr
    answers, refused, code = json.loads(done.stdout.splitlines()[-1])
    asked = mlflow_package.example()
    wanted = Predictor(weights=file)(base64.b64decode(asked["image"]), asked["boxes"])
    assert answers == [[face.as_dict() for face in wanted], []]
    assert refused.startswith("picture 1: not a whole picture")
    assert Path(code).is_relative_to(model)


def test_mlflow_serves_it(model: Path, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = "127.0.0.1", str(free.getsockname()[1])
    command = ["models", "serve", "-m", model, "--env-manager", "local", "-h", address[0], "-p", address[1]]
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "mlflow", *command],
            cwd=tmp_path,
            env=alone(),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + 120
        while not answers(f"http://{':'.join(address)}/ping"):
            assert server.poll() is None and time.monotonic() < deadline, (tmp_path / "log").read_text()
            time.sleep(0.2)
        asked = (model / "serving_input_example.json").read_bytes()
        url, json_type = f"http://{':'.join(address)}/invocations", {"Content-Type": "application/json"}
        (faces,) = requests.post(url, asked, headers=json_type, timeout=60).json()["predictions"]
        assert [point["name"] for point in faces[0]["points"]] == ["nose_0"]
        assert (
            requests.post(url, b'{"inputs": [{"image": "bm8="}]}', headers=json_type, timeout=60).status_code
            == 400
        )
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=1).ok
    except requests.ConnectionError:
        return False


def test_a_folder_that_is_no_model_is_left_alone(file: Path, tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "a.txt").write_text("dear")
    with pytest.raises(UserError, match="letters is there and no MLflow model"):
        mlflow_package.save(trained.load(file), file, tmp_path / "letters")
    assert (tmp_path / "letters" / "a.txt").read_text() == "dear"
