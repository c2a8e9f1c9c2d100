"""The weights that come with the project are those of results/real, and do what their cards say."""

from __future__ import annotations

import hashlib
import json
import zlib
from dataclasses import replace

import numpy as np
import pytest
import skimage.data
import yaml

from keypoints import Predictor, pretrained
from keypoints.errors import UserError
from keypoints.export.onnx_graph import TOLERANCE, random_crops
from keypoints.models.trained import Trained
from keypoints.paths import ROOT
from keypoints.predict.runtimes import OnnxNet, TorchNet
from keypoints.settings import params

TOLD = json.loads((ROOT / "pretrained/figures.json").read_text())
# Where one sees them on the astronaut, pixels: point of the 68 -> place.
SEEN = {
    "eyes_0": (193, 100),
    "eyes_9": (259, 104),
    "nose_3": (225, 128),
    "mouth_0": (203, 140),
    "mouth_6": (244, 141),
    "jaw_8": (221, 178),
}


@pytest.mark.parametrize("part", pretrained.PARTS)
def test_they_are_the_weights_of_the_committed_results(part):
    lock = yaml.safe_load((ROOT / "results/real/dvc.lock").read_text())["stages"]
    trained = {out["path"]: out["md5"] for out in lock[f"train@{part}"]["outs"]}
    assert TOLD[part]["trained"] == trained[f"models/{part}.pt"]
    composed = params.parse(params.read(ROOT / "results/real/params.yaml")).part(part)
    shipped = Trained.load(pretrained.file(part, "pt")).part
    assert replace(shipped, evaluate=composed.evaluate) == composed


@pytest.mark.parametrize("part", pretrained.PARTS)
def test_half_precision_costs_nothing_that_shows(part):
    reported = json.loads((ROOT / f"results/real/metrics/{part}.json").read_text())
    (told,) = {
        row["nme"]
        for look, rows in TOLD[part]["figures"].items()
        for row in [rows["all test faces"]]
        if "mirrored" in look
    }
    assert told == pytest.approx(reported["nme"], abs=0.01)


@pytest.mark.parametrize("kind", ["onnx", "pt"])
@pytest.mark.parametrize("part", pretrained.SHIPPED)
def test_the_store_in_the_repository_has_them(part, kind):
    (out,) = yaml.safe_load((ROOT / f"pretrained/{part}.{kind}.dvc").read_text())["outs"]
    assert out["remote"] == "shipped" and out["path"] == f"{part}.{kind}"
    stored = pretrained.file(part, kind)
    assert stored.is_relative_to(ROOT / "pretrained/store") and stored.stat().st_size == out["size"]


def test_they_are_small_and_good():
    packed = sum(len(zlib.compress(pretrained.file(part).read_bytes())) for part in pretrained.SHIPPED)
    assert packed <= 14.5e6  # a wheel of 15 MB
    for rows in TOLD["landmarks"]["figures"].values():
        assert rows["helen/testset"]["nme"] <= 3.25


def test_a_checkout_reads_the_store_by_the_pointers_hash(monkeypatch, tmp_path):
    content = b"weights"
    md5 = hashlib.md5(content).hexdigest()
    path = tmp_path / md5[:2] / md5[2:]
    path.parent.mkdir()
    path.write_bytes(content)
    (tmp_path / "nose.onnx.dvc").write_text(f"outs:\n- md5: {md5}\n")
    monkeypatch.setattr(pretrained, "STORE", tmp_path)
    monkeypatch.setattr(pretrained, "FOLDER", tmp_path)
    assert pretrained.file("nose") == path
    path.write_bytes(b"damaged")
    with pytest.raises(UserError, match=r"the weights nose\.onnx are missing or damaged"):
        pretrained.file("nose")


def test_an_installed_package_has_its_own(monkeypatch, tmp_path):
    monkeypatch.setattr(pretrained, "PACKAGED", tmp_path)
    (tmp_path / "face.onnx").write_bytes(b"")
    assert pretrained.file("face") == tmp_path / "face.onnx"


@pytest.mark.parametrize("content", [None, "", "outs: []", "outs: [{}]", "outs: [{md5: ab}]", "a: [", "\0"])
def test_a_pointer_that_leads_nowhere_is_one_line(content, tmp_path):
    pointer = tmp_path / "face.onnx.dvc"
    if content is not None:
        pointer.write_text(content)
    with pytest.raises(UserError, match=r"face\.onnx are missing or damaged") as caught:
        pretrained.stored(pointer)
    assert "\n" not in str(caught.value)


def test_an_unknown_part_is_one_line():
    with pytest.raises(UserError, match="'chin' is none of landmarks, face, nose"):
        pretrained.file("chin")


@pytest.mark.parametrize("part", [*pretrained.PARTS, "glance"])
def test_both_files_of_a_part_give_the_same_points(part):
    small, large = OnnxNet(pretrained.file(part, "onnx")), TorchNet(pretrained.file(part, "pt"), "cpu")
    assert (small.scheme, small.framing, small.doubt) == (large.scheme, large.framing, large.doubt)
    crops = random_crops(large.trained, 2)
    np.testing.assert_allclose(small.points(crops), large.points(crops), atol=TOLERANCE)
    if small.has_peaks:
        for one, other in zip(small.points_and_peaks(crops), large.points_and_peaks(crops), strict=True):
            np.testing.assert_allclose(one, other, atol=TOLERANCE)


@pytest.mark.parametrize("mirrored", [False, True])
def test_the_points_are_where_one_sees_them(mirrored):
    image = skimage.data.astronaut()
    predict = Predictor()
    (face,) = predict(image[:, ::-1] if mirrored else image)
    points = face.points[list(predict.scheme.partners)] * [-1, 1] + [511, 0] if mirrored else face.points
    for name, place in SEEN.items():
        assert np.linalg.norm(points[face.names.index(name)] - place) < 5, name


@pytest.mark.parametrize("part, points", [("face", 58), ("nose", 1)])
def test_the_other_parts_answer_within_the_face(part, points):
    (face,) = Predictor(part)(skimage.data.astronaut())
    left, top, width, height = face.box
    assert face.points.shape == (points, 2)
    inside = (face.points - [left, top]) / [width, height]
    assert inside.min() > -0.5 and inside.max() < 1.5
