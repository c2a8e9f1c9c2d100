"""An exported part answers as the project does, in every kind of net."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import numpy_helper

from keypoints.errors import UserError
from keypoints.export import __main__, onnx_graph
from keypoints.landmarks import Scheme
from keypoints.models.trained import Trained
from keypoints.predict.framing import Framing
from keypoints.predict.runtimes import OnnxNet, open_session
from keypoints.settings.recipes import Part
from tests.blobs import PART
from tests.export.helpers import PARTS, warmed


@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
def test_onnx_runtime_answers_as_torch_does(part: Part, tmp_path: Path) -> None:
    made = warmed(part)
    assert onnx_graph.save(made, "some", tmp_path / "new" / "some.onnx") <= onnx_graph.TOLERANCE
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["some.onnx"]
    session = onnxruntime.InferenceSession(tmp_path / "new" / "some.onnx")
    faces = onnx_graph.random_crops(made, 5)
    (found,) = session.run(["points"], {"crops": faces})
    assert found.dtype == np.float32 and found.shape == (5, made.scheme.points, 2)
    np.testing.assert_allclose(found, made.points(faces), atol=onnx_graph.TOLERANCE)


@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
def test_half_of_the_file_gives_the_answers_of_half_weights(part: Part, tmp_path: Path) -> None:
    made = warmed(part)
    made.save(tmp_path / "half.pt", half=True)
    made = Trained.load(tmp_path / "half.pt")
    whole, half = tmp_path / "whole.onnx", tmp_path / "half.onnx"
    onnx_graph.save(made, "some", whole)
    onnx_graph.save(made, "some", half, half=True)
    crops = onnx_graph.random_crops(made, 4)
    found = [open_session(path).run(["points"], {"crops": crops})[0] for path in (whole, half)]
    np.testing.assert_allclose(found[1], found[0], atol=onnx_graph.TOLERANCE)


def test_large_weights_are_stored_with_16_bits(tmp_path: Path) -> None:
    made = warmed()
    made.save(tmp_path / "half.pt", half=True)
    made = Trained.load(tmp_path / "half.pt")
    onnx_graph.save(made, "some", tmp_path / "half.onnx", half=True)
    stored = [numpy_helper.to_array(t) for t in onnx.load(tmp_path / "half.onnx").graph.initializer]
    sizes = [array.size for array in stored if array.dtype == np.float16]
    assert sum(sizes) >= sum(p.numel() for p in made.model.parameters() if p.numel() >= onnx_graph.LARGE)
    assert min(sizes) >= onnx_graph.LARGE
    assert not any(a.dtype == np.float32 and a.size >= onnx_graph.LARGE for a in stored)


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("kind", ["soft-argmax", "detector", "unet"])
def test_no_batch_norm_is_left_to_compute(kind: str, half: bool, tmp_path: Path) -> None:
    """ONNX Runtime merges them into the convolutions, where their numbers are constants."""
    made = warmed(PARTS[kind])
    assert any(isinstance(layer, torch.nn.BatchNorm2d) for layer in made.model.modules())
    onnx_graph.save(made, "some", tmp_path / "some.onnx", half)
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "loaded.onnx")
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    onnxruntime.InferenceSession(tmp_path / "some.onnx", options)
    layers = {node.op_type for node in onnx.load(tmp_path / "loaded.onnx").graph.node}
    assert "BatchNormalization" not in layers


@pytest.mark.parametrize("pixels, cells", [(12, 5), (7, 3), (5, 5), (3, 8), (28, 32), (9, 1)])
def test_adaptive_cells_are_torchs(pixels: int, cells: int) -> None:
    x = torch.rand(2, 3, pixels, pixels + 2, generator=torch.Generator().manual_seed(0))
    expected = torch.nn.AdaptiveMaxPool2d((cells, 4))(x)
    torch.testing.assert_close(onnx_graph.AdaptiveMax((cells, 4))(x), expected, rtol=0, atol=0)


def test_a_graph_that_differs_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_graph, "largest_difference", lambda *_: float("nan"))
    with pytest.raises(UserError, match=r"a\.onnx: ONNX Runtime differs from torch by nan px"):
        onnx_graph.save(warmed(PARTS["adaptive"]), "a", tmp_path / "a.onnx")
    assert not list(tmp_path.iterdir())


def test_a_net_that_onnx_cannot_express_is_refused_in_one_line(tmp_path: Path) -> None:
    class Odd(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.linalg.eigvals(x[:, 0]).real[:, :2]

    made = warmed()
    made.model = torch.nn.Sequential(made.model, Odd())
    with pytest.raises(UserError, match="ONNX cannot express this net") as caught, __main__.silenced():
        onnx_graph.save(made, "a", tmp_path / "a.onnx")
    assert "\n" not in str(caught.value) and not list(tmp_path.iterdir())


def test_a_scheme_that_came_with_the_data_travels_in_the_graph(tmp_path: Path) -> None:
    """And so does where annotators drew boxes: the light runtime cuts the same crop and names the points."""
    scheme = Scheme("named", {"all": (0, 1)}, (), (1, 0), None, ("left", "right"))
    data = replace(PART.data, points="all", region="box", scale=1.2, frame=[0.5, 0.1, -0.2])
    made = Trained.new(replace(PART, data=data), scheme)
    onnx_graph.save(made, "own", tmp_path / "own.onnx")
    net = OnnxNet(tmp_path / "own.onnx")
    assert net.scheme == scheme and net.framing == Framing.of(made.part.data)
    left, top, side, _ = net.framing.view((0.0, 0.0, 100.0, 100.0))
    assert side == pytest.approx(60) and (left + 30, top + 30) == pytest.approx((60, 30))


def test_a_net_of_distributions_tells_its_peaks(tmp_path: Path) -> None:
    made = warmed(PARTS["distribution"])
    onnx_graph.save(made, "some", tmp_path / "some.onnx")
    crops = onnx_graph.random_crops(made, 3)
    maps, net = made.maps(crops), OnnxNet(tmp_path / "some.onnx")
    assert made.has_peaks and net.has_peaks and maps is not None
    for found, peaks in (made.points_and_peaks(crops), net.points_and_peaks(crops)):
        np.testing.assert_allclose(found, made.points(crops), atol=onnx_graph.TOLERANCE)
        np.testing.assert_allclose(peaks, maps.reshape(*maps.shape[:2], -1).max(-1), rtol=1e-4)


@pytest.mark.parametrize("kind", ["soft-argmax", "maps, colour", "pca", "unet"])
def test_maps_that_are_no_distributions_have_no_peaks(kind: str, tmp_path: Path) -> None:
    made = warmed(PARTS[kind])
    onnx_graph.save(made, "some", tmp_path / "some.onnx")
    assert not made.has_peaks and not OnnxNet(tmp_path / "some.onnx").has_peaks
