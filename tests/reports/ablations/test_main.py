"""Ablations: which rows compose, what is trained and how often, and what the page says of it."""

from __future__ import annotations

import pytest

from keypoints import compose
from keypoints.errors import UserError
from keypoints.reports import experiments
from keypoints.reports.ablations import __main__ as ablations
from keypoints.reports.ablations import table
from keypoints.reports.ablations.__main__ import BASE, SEEDS
from keypoints.settings import params

NMES = {"no_flip": 1.1, "no_rotation": 1.005}  # times the base's


class Runs:
    """Experiments that take no time: every one that was asked for, and what each left."""

    def __init__(self, monkeypatch):
        self.made: list[tuple[str, str]] = []
        monkeypatch.setattr(experiments, "run", self.run)
        monkeypatch.setattr(experiments, "read_at_commit", self.read)
        monkeypatch.setattr(experiments, "training_seconds", lambda experiment: 90.0)

    def run(self, experiment, overrides, targets):
        self.made.append((experiment.removeprefix("ablation-real-landmarks-"), *targets))
        return experiment

    def read(self, commit, path):
        *name, seed = commit.removeprefix("ablation-real-landmarks-").split("-")
        nme = (4 + int(seed) / 100) * NMES.get("_".join(name), 1)
        if path.startswith("metrics/figures"):
            return f"figure,value\nnme,{nme + 0.5}\n"
        return f"epoch,train_loss,val_loss,val_nme\n1,1,1,9\n2,1,1,{nme}\n"

    @property
    def trained(self):
        return [name for name, target in self.made if target == "train@landmarks"]


@pytest.fixture
def runs(monkeypatch, tmp_path):
    monkeypatch.setattr(ablations, "OUT", tmp_path)
    return Runs(monkeypatch)


def test_every_row_that_is_listed_composes_and_changes_the_base():
    study = ablations.Study.read("real", None)
    made = {}
    for name in study.listed:
        composed = compose.read(study.overrides(name, 42))
        assert params.parse(composed).epochs(study.part) == study.epochs
        made[name] = str(composed[study.part])
    assert len(set(made.values())) == len(made) > 5
    assert all(word.lstrip("+").startswith("landmarks.") for row in study.listed.values() for word in row)


def test_a_small_difference_asks_for_three_seeds_and_a_large_one_does_not(runs):
    ablations.main(["no_flip", "no_rotation"], [], "real", None)
    close = [f"{name}-{seed}" for seed in SEEDS[1:] for name in (BASE, "no-rotation")]
    assert runs.trained == ["base-42", "no-flip-42", "no-rotation-42", *close]
    page = (ablations.OUT / "ablations.md").read_text()
    assert "| no_flip | augment.flip=0 | 4.862 | +10.0 |  | 1 | 2 | 1.5 |  |" in page
    assert "| no_rotation | augment.rotate=0 | 4.171 | +0.5 | 0.0 | 3 | 2 | 4.5 |  |" in page
    assert "| base |  | 4.15 |  |  | 3 | 2 | 4.5 |  |" in page and "looked at 0 times" in page


def test_what_is_trained_is_not_trained_again_unless_its_settings_change(runs):
    ablations.main(["no_flip"], [], "real", None)
    runs.made.clear()
    ablations.main(["no_flip"], [], "real", None)
    assert not runs.made
    ablations.main(["no_flip"], [], "real", 7)
    assert runs.trained == ["base-42", "no-flip-42"]
    assert (ablations.OUT / "ablations.md").read_text().count("## Base") == 2
    ablations.main(["no_flip"], [], "demo", None)
    assert len(runs.trained) > 2 and (ablations.OUT / "ablations-demo.csv").exists()


def test_the_test_faces_are_looked_at_once_for_a_row_that_is_named(runs):
    for _ in range(2):
        ablations.main(["no_flip"], ["no_flip"], "real", None)
    assert [made for made in runs.made if made[1].startswith("evaluate")] == [
        ("no-flip-42", "evaluate@landmarks")
    ]
    page = (ablations.OUT / "ablations.md").read_text()
    assert "looked at 1 times" in page and "| 1.5 | 5.362 |" in page


def test_a_training_that_fails_has_its_row_and_is_compared_with_nothing(runs, monkeypatch):
    def fail(name, *rest):
        return None if "no-flip" in name else runs.run(name, *rest)

    with monkeypatch.context() as failing:
        failing.setattr(experiments, "run", fail)
        for _ in range(2):
            ablations.main(["no_flip"], [], "real", None)
        with pytest.raises(UserError, match="--test no_flip"):
            ablations.main(["no_flip"], ["no_flip"], "real", None)
    page = (ablations.OUT / "ablations.md").read_text()
    assert page.count("| no_flip | augment.flip=0 | failed |  |  | 1 | 0 |") == 1
    ablations.main(["no_flip"], [], "real", None)  # it is tried again
    page = (ablations.OUT / "ablations.md").read_text()
    assert "failed" not in page and "| no_flip | augment.flip=0 | 4.862 | +10.0 |" in page


def test_rows_that_are_listed_no_more_stay(runs):
    ablations.main(["no_flip"], [], "real", None)
    file = ablations.OUT / "ablations.csv"
    file.write_text(file.read_text().replace("no_flip", "no_longer_there"))
    ablations.main(["no_flip"], [], "real", None)
    assert "| no_longer_there |" in (ablations.OUT / "ablations.md").read_text()


def test_a_row_that_is_not_listed_is_named_before_anything_is_trained(runs):
    with pytest.raises(UserError, match=r"no_nothing: conf/ablations\.yaml lists base, from_nothing"):
        ablations.main(["no_flip", "no_nothing"], [], "real", None)
    assert not runs.made


def test_a_difference_is_of_the_base_of_the_same_seed():
    empty = {"changed": "", "epochs": "2", "minutes": "", "test_nme": ""}
    base, row = (
        [{"name": name, "seed": str(seed), "val_nme": str(nme), **empty} for seed, nme in enumerate(nmes)]
        for name, nmes in ((BASE, (4, 8)), ("a", (5, 9)))
    )
    assert table.summarise(row, base + row) == ["a", "", 7.0, "+18.8", "6.2", 2, 2, None, None]
