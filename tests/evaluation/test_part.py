"""The figures of a part agree with the metrics they are made of."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from keypoints.evaluation import metrics
from keypoints.evaluation.part import Evaluation
from keypoints.landmarks import IMM
from keypoints.models.trained import Trained
from keypoints.settings.recipes import Codec, Model
from tests.blobs import PART, SIZE, blob_faces
from tests.recipes import noise


def evaluated(part=PART, faces=None):
    torch.manual_seed(0)
    trained = Trained.new(part)
    faces = (faces or blob_faces()).only("val")
    trained.mean_shape = faces.points.mean(0)
    trained.codec.fit(torch.from_numpy(faces.points))
    return Evaluation(trained, faces, trained.points(faces.crops()))


def units(made):
    return made.faces.image_size, made.faces.eye_distance


def test_figures_are_those_of_the_summary():
    made = evaluated()
    figures = made.figures
    truth, found = made.faces.in_image(made.faces.points), made.faces.in_image(made.found)
    for key, value in metrics.summary(truth, found, *units(made)).items():
        assert figures[key] == pytest.approx(value, rel=1e-5)
    baseline = np.broadcast_to(made.trained.mean_shape, made.found.shape)
    baseline = metrics.summary(truth, made.faces.in_image(baseline), *units(made))
    assert figures["mean_shape_nme"] == pytest.approx(baseline["nme"], rel=1e-5)
    assert figures["faces"] == len(made.faces) and "mean_shape_faces" not in figures
    assert figures["codec_nme"] == 0 and figures["outside"] == 0 and "pca_explained" not in figures


def test_the_truth_itself_has_no_error():
    made = evaluated()
    figures = replace(made, found=made.faces.points).figures
    assert figures["nme"] == figures["mse"] == figures["fr_8"] == 0
    assert figures["correct"] == figures["auc_8"] == figures["follow_position"] == 1


def test_points_that_the_crop_cuts_off_are_counted():
    faces = blob_faces()
    faces.points[-2:] = SIZE + 3  # two of the eight faces of val
    assert evaluated(faces=faces).figures["outside"] == 0.25


def test_a_row_a_subset_and_a_row_a_region():
    faces = blob_faces()
    faces.subset[-3:] = "few"
    made = evaluated(faces=faces)
    rows = made.groups()
    assert [(row["kind"], row["name"], row["faces"]) for row in rows] == [
        ("subset", "all", 5),
        ("subset", "few", 3),
        ("region", "nose", 8),
    ]
    whole = made.figures["nme"]
    assert np.average([row["nme"] for row in rows[:2]], weights=[5, 3]) == pytest.approx(whole, rel=1e-5)
    assert rows[2]["nme"] == pytest.approx(whole, rel=1e-5)
    assert {"codec_nme", "outside"} <= rows[0].keys()


def test_curve_and_predictions_are_of_the_same_errors():
    made = evaluated()
    kept, curve = made.predictions(), made.curve()
    assert kept["points"].dtype == np.float32 and kept["points"].shape == made.found.shape
    assert kept["point_nme"].mean(axis=1) == pytest.approx(kept["nme"], rel=1e-5)
    assert kept["nme"].mean() == pytest.approx(made.figures["nme"], rel=1e-5)
    np.testing.assert_array_equal(curve["share"], metrics.cumulative(made.nme(made.predicted))[:, 1])
    assert (np.diff(curve["mean_shape_share"]) >= 0).all()


def test_components_say_how_much_they_hold():
    part = replace(
        PART,
        data=replace(PART.data, points="imm58"),
        codec=Codec("pca", "mse", components=3),
        model=Model("plain", {"channels": [4], "kernel": 3}),
    )
    figures = evaluated(part, noise(part, train=2, val=8)).figures
    assert 0 < figures["pca_explained"] < 1 and figures["codec_nme"] > 0


def test_errors_along_and_across_have_a_figure_each_for_every_region_of_outlines():
    model = Model("plain", {"channels": [4], "kernel": 3})
    part = replace(PART, data=replace(PART.data, points="imm58"), model=model)
    made = evaluated(part, noise(part, train=2, val=8))
    whole = metrics.point_errors(made.truth, made.predicted) / made.faces.eye_distance[:, None]
    for name, points in {"": range(58), **IMM.regions}.items():
        along, across, share = (
            made.figures["_".join(filter(None, (name, key)))] for key in ("along", "across", "along_share")
        )
        error = 100 * whole[:, list(points)].mean()
        assert max(along, across) < error < along + across and 0 < share < 1
    assert {"along", "across", "jaw_along", "jaw_across"} < made.compared().keys()


def test_few_figures_are_compared_and_they_read_well():
    made = evaluated()
    compared = made.compared()
    assert list(compared) == ["nme", "mse_1e-4", "mae_px", "auc_8", "fr_8", "mean_shape_nme"]
    assert compared["mse_1e-4"] == pytest.approx(1e4 * made.figures["mse"], rel=1e-5)
    assert all(compared[key] == made.figures[key] for key in compared if key != "mse_1e-4")
