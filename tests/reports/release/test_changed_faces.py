"""Drawings hide what lies under them and nothing else; shrunk faces lose detail and stay where they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from keypoints.landmarks import IBUG
from keypoints.models.trained import Trained
from keypoints.overlays.placing import OVERLAYS
from keypoints.reports.release import changed_faces
from keypoints.settings.recipes import Data, Model
from tests.blobs import PART
from tests.reports.release.drawn_faces import SIZE, drawn

FACES = drawn([0, 15])


@pytest.mark.parametrize("name", OVERLAYS)
def test_an_overlay_changes_what_it_hides(name):
    before = FACES.faces.images.copy()
    crops, hidden = changed_faces.wear(FACES, name)
    assert crops.shape == before.shape and crops.dtype == np.uint8 and (crops != before).any((1, 2, 3)).all()
    np.testing.assert_array_equal(FACES.faces.images, before)
    shown = {region: hidden[:, points].mean() for region, points in IBUG.regions.items()}
    if name == "mask":
        assert shown["mouth"] == 1 and shown["eyes"] == 0
    if name == "hat":
        assert shown["mouth"] == shown["eyes"] == 0
    if name == "moustache":
        assert shown["mouth"] > 0.2 and shown["jaw"] == shown["eyes"] == 0
    if name == "glasses":
        assert shown["mouth"] == shown["jaw"] == 0 < shown["eyes"] + shown["brows"]


def test_points_far_from_a_drawing_are_not_hidden():
    away = replace(FACES.faces, points=np.full_like(FACES.points, -500))
    assert not changed_faces.wear(replace(FACES, faces=away), "mask")[1].any()


def test_shrinking_takes_detail_and_no_light():
    whole = changed_faces.shrink(FACES, 1000)
    np.testing.assert_array_equal(whole, FACES.faces.crops())  # larger is no change
    detail = [np.abs(np.diff(whole.astype(float), axis=2)).mean()]
    for side in (32, 16, 8):
        crops = changed_faces.shrink(FACES, side).astype(float)
        assert crops.mean() == pytest.approx(whole.mean(), abs=1)
        detail.append(np.abs(np.diff(crops, axis=2)).mean())
    assert detail == sorted(detail, reverse=True)


def test_every_change_has_its_row():
    torch.manual_seed(0)
    data = Data("ibug", "ibug68", "strict", "image", 1.0, list(SIZE), 0, 1)
    trained = Trained.new(replace(PART, data=data, model=Model("plain", {"channels": [4], "kernel": 3})))
    found = trained.points(FACES.faces.crops(), flip=True)
    first, *rows = changed_faces.measure_changes(trained, FACES, found)
    apart = np.linalg.norm(found - FACES.faces.points, axis=-1).mean(1)
    assert first["nme"] == pytest.approx((100 * apart / FACES.faces.eye_distance).mean(), rel=1e-5)
    names = [row["name"] for row in rows]
    assert names == [*OVERLAYS, "sides of 32 pixels", "sides of 16 pixels"]  # no face has 64
    worn = dict(zip(names, rows, strict=True))
    assert 0 < worn["glasses"]["hidden"] < worn["mask"]["hidden"] < 1
    assert worn["mask"]["hidden_nme"] != worn["mask"]["bare_nme"]
    assert all(row["nme"] != first["nme"] for row in rows)
