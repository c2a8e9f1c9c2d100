"""The weights that come with the project are those of results/real, and do what their cards say."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import skimage.data
import yaml

from keypoints import Predictor, files, params, pretrained
from keypoints.errors import UserError

ROOT = Path(__file__).resolve().parent.parent
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


def pointer(part: str) -> dict[str, str]:
    (out,) = yaml.safe_load((ROOT / f"pretrained/{part}.pt.dvc").read_text())["outs"]
    return out


@pytest.mark.parametrize("part", pretrained.PARTS)
def test_they_are_the_weights_of_the_committed_results(part):
    lock = yaml.safe_load((ROOT / "results/real/dvc.lock").read_text())["stages"]
    trained = {out["path"]: out["md5"] for out in lock[f"train@{part}"]["outs"]}
    assert TOLD[part]["trained"] == trained[f"models/{part}.pt"]
    composed = params.parse(params.read(ROOT / "results/real/params.yaml")).part(part)
    assert asdict(trained.load(pretrained.weights(part)).part) == asdict(composed)


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


@pytest.mark.parametrize("part", pretrained.PARTS)
def test_the_store_in_the_repository_has_them(part):
    out = pointer(part)
    assert out["remote"] == "shipped"
    stored = ROOT / "pretrained/store/files/md5" / out["md5"][:2] / out["md5"][2:]
    assert files.digest(stored, "md5") == out["md5"]


def test_they_are_small_and_good():
    assert sum(told["bytes"] for told in TOLD.values()) <= 12e6
    for rows in TOLD["landmarks"]["figures"].values():
        assert rows["helen/testset"]["nme"] <= 3.4


def test_what_is_not_there_is_brought_by_dvc(monkeypatch, tmp_path):
    asked = []

    def dvc(*arguments):
        asked.append(arguments)
        (tmp_path / "nose.pt").write_bytes(b"")

    monkeypatch.setattr(shipped, "FOLDER", tmp_path)
    monkeypatch.setattr(shipped, "dvc", dvc)
    assert pretrained.weights("nose") == tmp_path / "nose.pt"
    pretrained.weights("nose")
    assert asked == [("pull", "--quiet", f"{tmp_path}/nose.pt.dvc")]


def test_what_cannot_be_brought_is_one_line(monkeypatch, tmp_path):
    monkeypatch.setattr(shipped, "FOLDER", tmp_path)
    with pytest.raises(UserError, match=r"face\.pt could not be brought by DVC"):
        pretrained.weights("face")


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
