"""ONNX Runtime and torch answer alike; a file is told by its content, and refused in one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from keypoints.errors import UserError
from keypoints.export import onnx_graph
from keypoints.predict import runtimes
from keypoints.predict.runtimes import OnnxNet, TorchNet
from tests.nets import HEATMAP, build, crops


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("runtimes")
    made = build(HEATMAP, channels=3)
    made.doubt = 4.5
    made.save(folder / "a.pt")
    onnx_graph.save(made, "a", folder / "a.onnx")
    return {"pt": folder / "a.pt", "onnx": folder / "a.onnx"}


def test_onnx_answers_as_torch_does(files):
    light, heavy = OnnxNet(files["onnx"]), TorchNet(files["pt"], "cpu")
    seen = crops(channels=3)
    for some in (seen, seen[:, :, ::-1]):
        np.testing.assert_allclose(light.points(some), heavy.points(some), atol=1e-3)
    assert light.points(seen[:0]).shape == heavy.points(seen[:0]).shape == (0, 68, 2)


def test_both_see_the_same_of_a_face(files):
    light, heavy = runtimes.load(files["onnx"]), runtimes.load(files["pt"])
    assert light.framing == heavy.framing and light.scheme is heavy.scheme
    assert light.doubt == heavy.doubt == 4.5


def test_a_file_is_told_by_its_content(files, tmp_path):
    for kind, net in (("pt", TorchNet), ("onnx", OnnxNet)):
        (tmp_path / "weights").write_bytes(files[kind].read_bytes())
        assert type(runtimes.load(tmp_path / "weights")) is net


@pytest.mark.parametrize("content", [b"", b"no net", b"PK\x03\x04 no zip"])
def test_another_file_is_one_line(content, tmp_path):
    (tmp_path / "a.onnx").write_bytes(content)
    with pytest.raises(UserError, match=r"a\.onnx is no") as caught:
        runtimes.load(tmp_path / "a.onnx")
    assert "\n" not in str(caught.value)


def test_somebody_elses_onnx_file_is_one_line(files, tmp_path):
    import onnx

    model = onnx.load(files["onnx"])
    del model.metadata_props[:]
    onnx.save(model, tmp_path / "b.onnx")
    with pytest.raises(UserError, match=r"b\.onnx is no ONNX file of this project"):
        runtimes.load(tmp_path / "b.onnx")


def test_onnx_runs_on_the_cpu_alone(files):
    assert runtimes.load(files["onnx"], "cpu")
    with pytest.raises(UserError, match="--device cuda: ONNX files run on the cpu"):
        runtimes.load(files["onnx"], "cuda")


def test_a_missing_file_is_one_line(tmp_path):
    with pytest.raises(UserError, match="is missing"):
        runtimes.load(tmp_path / "none.onnx")
