"""A model that MLflow loads and serves, without this repository and without torch."""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import requests
import yaml

from keypoints.errors import UserError
from keypoints.export import mlflow_package
from keypoints.models.trained import Trained
from keypoints.paths import ROOT
from keypoints.predict.predictor import Predictor
from keypoints.tracking import store
from tests.export.helpers import shell


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
    columns = faces["items"]["properties"]
    always = {name for name, column in columns.items() if column["required"]}
    assert always == {"box", "score", "points"}  # what follows from 68 points, other parts lack
    assert set(columns) - always == {"pose", "eyes", "mouth", "blink", "confidence", "confidences"}
    pins = (model / "requirements.txt").read_text().split()
    assert {pin.split("==")[0] for pin in pins} == set(mlflow_package.NEEDED)
    tested = [(ROOT / name).read_text().split() for name in ("versions.txt", "constraints.txt")]
    assert set(pins) <= set().union(*tested)
    assert "torch" not in " ".join(pins)


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
print(json.dumps([answers, refused, keypoints.__file__, "torch" in sys.modules]))
"""


def test_the_model_loads_without_the_repository_and_answers_as_the_predictor(
    model: Path, file: Path, tmp_path: Path
) -> None:
    done = shell("-c", LOADED, model, cwd=tmp_path, env=alone())
    assert done.returncode == 0, done.stderr
    answers, refused, code, torch_loaded = json.loads(done.stdout.splitlines()[-1])
    asked = mlflow_package.example_request()
    (expected,) = Predictor(weights=file)(base64.b64decode(asked["image"]), asked["boxes"])
    ((found,), nothing) = answers
    assert nothing == [] and found["box"] == list(expected.box) and found["score"] == 1
    places = [(point["x"], point["y"]) for point in found["points"]]
    np.testing.assert_allclose(places, expected.points, atol=0.02)
    assert not torch_loaded
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
        mlflow_package.save(Trained.load(file), "nose", tmp_path / "letters")
    assert (tmp_path / "letters" / "a.txt").read_text() == "dear"


def test_it_becomes_a_version_of_a_registered_model(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twice are two versions, and an alias finds one of them."""
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")  # restored by the end: to log sets it
    trained = Trained.load(file)
    mlflow_package.save(trained, "nose", tmp_path / "nose")
    for number in (1, 2):
        mlflow_package.register(trained, "nose", tmp_path / "nose", "noses")
        client = store.connect(tmp_path).client
        versions = [int(each.version) for each in client.search_model_versions("name = 'noses'")]
        assert max(versions) == number
    client.set_registered_model_alias("noses", "best", "1")
    found = client.get_model_version_by_alias("noses", "best")
    assert found.status == "READY" and found.source.startswith("models:/")
