"""The rows that `make systems` trains: which there are, what they compose, and when one stands."""

from __future__ import annotations

import functools
import json

import pytest

from keypoints import compose
from keypoints.errors import UserError
from keypoints.paths import ROOT
from keypoints.reports.systems import __main__ as systems
from keypoints.settings import params


@pytest.mark.parametrize("part", compose.parts())
def test_every_row_that_is_listed_composes(part):
    plain = functools.cache(lambda title: compose.read(["profile=real", title])[part])
    for cpu in (False, True):
        listed = list(systems.list_systems(part, cpu))
        assert len({system.name for system in listed}) == len(listed)
        for system in listed:
            composed = compose.read(["profile=real", *system.overrides]) if system.changed else None
            made = composed[part] if composed else plain(system.title)
            assert made["recipe"] == system.option
            assert bool(composed) == (made != plain(system.title))
            if composed:
                params.parse(composed)  # refuses what no part can have


def test_a_machine_without_a_gpu_trains_the_heavy_ones_for_less():
    changed = {
        cpu: {s.name: s.changed for s in systems.list_systems("landmarks", cpu)} for cpu in (False, True)
    }
    assert changed[False]["zhou"] == [] and changed[True]["zhou"]
    assert changed[False]["best"] == changed[True]["best"] == []


def test_rows_are_named_by_part_or_one_by_one():
    names = [system.row for system in systems.select(["face-zhou", "heatmaps"], cpu=True)]
    assert systems.row_names()[0] == "nose-anon" and set(names) < set(systems.row_names())
    assert names == ["face-zhou", "heatmaps-best", "heatmaps-kim", "heatmaps-zhou", "heatmaps-best_kaggle"]
    for wrong in ("mouth", "face-nobody"):
        with pytest.raises(UserError, match=f"--only {wrong}"):
            systems.select(["nose", wrong], cpu=True)  # before any is trained


def test_a_score_stands_while_it_is_by_as_many_looks(tmp_path):
    system = systems.System("landmarks", "best", "best")
    composed = systems.compose_system(system, "real", imagenet=True)
    row = tmp_path / "landmarks-best.json"
    made = systems.describe(system, composed) | {"minutes": 1.5, "kaggle": 5.0}
    row.write_text(json.dumps(made))
    assert systems.is_current(row, composed, "landmarks", scored=False)
    assert not systems.is_current(row, composed, "landmarks", scored=True)
    row.write_text(json.dumps(made | {"looks": composed["submission"]["looks"]}))
    assert systems.is_current(row, composed, "landmarks", scored=True)
    others = systems.compose_system(systems.System("landmarks", "kim", "kim"), "real", imagenet=True)
    assert composed["submission"]["looks"] > others["submission"]["looks"] == 0


def test_every_folder_of_options_is_a_part():
    folders = {path.name for path in compose.CONF.iterdir() if path.is_dir()} - {"profile"}
    chosen = {"own", "faces", "glance"}  # parts where one chooses them
    assert folders - chosen == set(compose.parts())


def test_a_row_stands_while_its_settings_do(tmp_path):
    system = systems.System("nose", "zhou", "zhou")
    composed = systems.compose_system(system, "real", imagenet=True)
    row = tmp_path / "nose-zhou.json"
    assert not systems.is_current(row, composed, "nose", scored=False)
    made = systems.describe(system, composed)
    row.write_text(json.dumps(made | {"minutes": 1.5}))
    assert systems.is_current(row, composed, "nose", scored=False)
    assert not systems.is_current(row, composed, "nose", scored=True)  # its score can be had now
    faster = systems.compose_system(
        systems.System("nose", "zhou", "zhou", ["nose.train.lr=5e-3"]), "real", True
    )
    assert not systems.is_current(row, faster, "nose", scored=False)
    on_one = systems.compose_system(
        systems.System("nose", "zhou", "zhou", ["nose.train.threads=4"]), "real", True
    )
    assert systems.is_current(row, on_one, "nose", scored=False)  # its figures differ in rounding alone
    for untrained in ({"failed": "see the command's output"}, {"nme": 3.0}):
        row.write_text(json.dumps(made | untrained))
        assert not systems.is_current(row, composed, "nose", scored=False)


def test_without_imagenet_nothing_of_random_stays_frozen():
    for imagenet, expected in ((True, [True, ["layer4", "fc"]]), (False, [False, None])):
        system = systems.System("landmarks", "anon", "anon")
        options = systems.compose_system(system, "real", imagenet)["landmarks"]["model"]["options"]
        assert [options["pretrained"], options["trained"]] == expected
        assert bool(system.changed) != imagenet


def test_what_make_real_trained_is_read_from_there(tmp_path):
    composed = systems.compose_system(systems.System("face", "best", "best"), "real", True)
    assert systems.read_results(composed, "face", tmp_path) is None
    kept = ROOT / "results/real"
    committed = json.loads((kept / "metrics/face.json").read_text())
    assert systems.read_results(composed, "face", kept)["nme"] == committed["nme"]
    assert systems.read_results(composed | {"seed": 1}, "face", kept) is None
    row = tmp_path / "face-best.json"
    row.write_text(json.dumps({"settings": systems.settings_digest(composed, "face"), "minutes": 3.0}))
    assert systems.is_current(row, composed, "face", scored=False)
    row.write_text(json.dumps({**json.loads(row.read_text()), "read_from": "results/real"}))
    assert not systems.is_current(row, composed, "face", scored=False)  # it is read again


def test_a_scorer_that_is_not_there_is_named_before_anything_is_trained(tmp_path):
    with pytest.raises(UserError, match="no such file"):
        systems.main([], tmp_path / "nothing.py", "real", imagenet=True)
