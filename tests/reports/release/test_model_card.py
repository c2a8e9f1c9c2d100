"""The cards say what was measured, in the words of the code."""

from __future__ import annotations

import json

import pytest

from keypoints import pretrained
from keypoints.models.trained import Trained
from keypoints.reports.release import card_figures, model_card
from keypoints.reports.release.conditions import FEW

TOLD = json.loads((pretrained.FOLDER / "figures.json").read_text())


@pytest.mark.parametrize("part", pretrained.SHIPPED)
def test_the_committed_cards_are_of_the_committed_figures(part):
    stored = Trained.load(pretrained.file(part, "pt")).part
    assert (pretrained.FOLDER / f"{part}.md").read_text() == model_card.write(part, stored, TOLD[part])


@pytest.mark.parametrize("part", pretrained.PARTS)
def test_what_finds_points_is_measured_by_what_a_picture_shows(part):
    told = TOLD[part]
    kept = [row for row in told["conditions"] if row["condition"] == "view"]
    whole = next(row["nme"] for row in told["changes"] if row["name"] == "as they are")
    mean = sum(row["nme"] * row["faces"] for row in kept) / sum(row["faces"] for row in kept)
    assert mean == pytest.approx(whole, rel=1e-3)
    card = (pretrained.FOLDER / f"{part}.md").read_text()
    assert card.count("(few) |") == sum(row["faces"] < FEW for row in told["conditions"])
    assert ("Along and across" in card) == bool(told["outlines"]) == (part != "nose")
    assert {"glasses", "mask"} <= {row["name"] for row in told["changes"]}


def test_figures_are_rounded_and_the_rest_is_kept():
    tree = {"nme": 3.456789, "faces": 934, "rows": [{"name": "hat", "margin": None, "nme": 0.000123456789}]}
    rounded = {"nme": 3.4568, "faces": 934, "rows": [{"name": "hat", "margin": None, "nme": 0.00012346}]}
    assert card_figures.round_figures(tree) == rounded
