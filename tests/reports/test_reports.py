"""The commands that gather results: their tables, and what they refuse."""

from __future__ import annotations

import functools
import json
from pathlib import Path

import pytest
import yaml

from keypoints import params
from keypoints.errors import UserError
from keypoints.reports import experiments, run_report, system_charts, system_table, systems


def test_the_table_has_a_line_a_system_sorted_by_part_and_error(tmp_path):
    parts = {"jaw": 9.0, "nose": 3.0}
    rows = [
        {"system": "face=kim", "nme": 9.0, "parameters": 639404, "regions": parts, "kaggle": 9.5},
        {
            "system": "face=kim",
            "changed": "train.lr=1",
            "nme": 90.0,
            "val_nmes": [99.0],
            "regions": parts,
            "follow_position": 2.0,
        },
        {
            "system": "face=best",
            "nme": 4.0,
            "subsets": {"view 1": 4.0},
            "kaggle": 5.5,
            "follow_position": 0.9,
        },
        {"system": "nose=kim", "failed": "see the command's output"},
        {"system": "nose=gone", "nme": 3.0},
    ]
    rows[0] |= {"reported": "kaggle 8.50 / 8.46", "val_nmes": [40.0, 9.1]}
    names = ["face-kim", "face-kim_fast", "face-best", "nose-kim", "nose-gone"]
    for name, row in zip(names, rows, strict=True):
        (tmp_path / f"{name}.json").write_text(json.dumps({"mean_shape_nme": 37.0} | row))
    page = tmp_path / "page.md"
    page.write_text(f"before\n{system_table.BEGIN}\nold\n{system_table.END}\nafter\n")
    system_table.write(tmp_path, page, [*names[:4], "nose-never_run"])
    lines = (tmp_path / "README.md").read_text().splitlines()
    table = [line.split("|") for line in lines if line.startswith("|")]
    systems_of = [" ".join("".join(line[1:4]).split()) for line in table[2:]]
    assert systems_of == ["nose kim", "face best", "face kim", "face kim_fast kim: train.lr=1"]
    assert "failed" in lines[2] and "639,404" in lines[4]
    assert len(set(map(len, table))) == 1
    first, begin, *shown, end, last = filter(None, page.read_text().splitlines())
    assert (first, begin, end, last) == ("before", system_table.BEGIN, system_table.END, "after")
    assert [line.split("|")[2].strip() for line in shown[2:]] == ["kim", "best", "kim", "kim_fast"]
    drawn = {"face-nme.png", "face-regions.png", "face-follow_position.png", "face-val_nmes.png"}
    drawn |= {"kaggle.png"}
    assert {path.name for path in tmp_path.glob("*.png")} == drawn


def test_figures_that_an_author_reports_are_read():
    row = {"reported": "mse 0.0016, kaggle 8.50 / 8.46"}
    assert system_charts.reported_figures(row, "kaggle") == [8.5, 8.46] and system_charts.reported_figures(
        row, "mse"
    ) == [0.0016]
    assert (
        system_charts.reported_figures(row, "nme")
        == system_charts.reported_figures({"reported": None}, "mse")
        == []
    )


@pytest.mark.parametrize("part", system_table.GROUPS)
def test_every_row_that_is_listed_composes(part):
    plain = functools.cache(lambda title: systems.compose(["profile=real", title])[part])
    for cpu in (False, True):
        listed = list(systems.list_systems(part, cpu))
        assert len({system.name for system in listed}) == len(listed)
        for system in listed:
            composed = systems.compose(["profile=real", *system.overrides]) if system.changed else None
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


def test_an_experiment_is_found_though_head_has_moved_on(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for key in ("GIT_AUTHOR", "GIT_COMMITTER"):
        monkeypatch.setenv(f"{key}_NAME", "nobody")
        monkeypatch.setenv(f"{key}_EMAIL", "nobody@localhost")
    experiments.git("init", "--quiet")
    made = []
    for minute in range(3):  # the second is the last one of this name
        monkeypatch.setenv("GIT_COMMITTER_DATE", f"2026-01-01T00:0{minute}:00Z")
        experiments.git("commit", "--quiet", "--allow-empty", "-m", "x")
        made.append(experiments.git("rev-parse", "HEAD").strip())
    for commit, baseline, name in zip(made, ("ab/12", "cd/34", "cd/34"), ("a", "a", "b"), strict=True):
        experiments.git("update-ref", f"refs/exps/{baseline}/{name}", commit)
    assert experiments.find_commit("a") == made[1]
    experiments.delete("a")
    assert experiments.find_commit("b") == made[2]
    for name in ("a", "nothing"):
        with pytest.raises(UserError, match=name):
            experiments.find_commit(name)


def test_what_the_scorer_says_is_read_or_refused_in_one_line(tmp_path):
    scorer, submission = tmp_path / "scorer.py", tmp_path / "kaggle.csv"
    scorer.write_text("print('estimated for the full 666 faces: 5.63 px')")
    assert experiments.parse_estimate(experiments.run_scorer(scorer, submission)) == 5.63
    scorer.write_text("raise SystemExit('no such line: 7')")
    with pytest.raises(UserError, match="refused the submission: no such line: 7"):
        experiments.run_scorer(scorer, submission)
    with pytest.raises(UserError, match="no estimate"):
        experiments.parse_estimate("5 faces\nscored")
    with pytest.raises(UserError, match="no such file"):
        systems.main([], tmp_path / "nothing.py", "real", imagenet=True)


def test_every_option_belongs_to_a_group_of_the_table():
    folders = {path.name for path in systems.CONF.iterdir() if path.is_dir()} - {"profile"}
    assert folders == set(system_table.GROUPS)


def test_a_subsets_file_becomes_a_table(tmp_path):
    (tmp_path / "a.csv").write_text("kind,name,nme\nregion,jaw,3.5\n")
    assert run_report.subset_table(tmp_path / "a.csv") == [
        "| kind | name | nme |",
        "|---|---|---:|",
        "| region | jaw | 3.5 |",
    ]


def test_parts_that_are_not_renewed_keep_their_entries(tmp_path):
    new, kept = tmp_path / "dvc.lock", tmp_path / "kept" / "dvc.lock"
    run_report.merge(write(new, "schema: '2.0'\nstages:\n  train@nose: 1\n  train@face: 1\n"), kept, {"face"})
    assert kept.read_bytes() == new.read_bytes()  # there was no former one
    write(new, "schema: '2.0'\nstages:\n  train@nose: 2\n  train@face: 2\n  parse@imm: 2\n")
    run_report.merge(new, kept, {"face"})
    assert yaml.safe_load(kept.read_text()) == {
        "schema": "2.0",
        "stages": {"train@nose": 2, "train@face": 1, "parse@imm": 2},
    }


def test_small_numbers_stay_numbers(tmp_path):
    new, kept = tmp_path / "params.yaml", tmp_path / "kept.yaml"
    write(new, "nose: {lr: 1e-05}\nface: {lr: 2e-05}\n")
    write(kept, "nose: {lr: 3e-05}\nface: {lr: 4e-05}\n")
    run_report.merge(new, kept, {"face"})
    assert params.read(kept) == {"nose": {"lr": 1e-05}, "face": {"lr": 4e-05}}


def write(path, text):
    path.write_text(text)
    return path


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
    kept = Path("results/real")
    assert (
        systems.read_results(composed, "face", kept)["nme"]
        == json.loads((kept / "metrics/face.json").read_text())["nme"]
    )
    assert systems.read_results(composed | {"seed": 1}, "face", kept) is None
    row = tmp_path / "face-best.json"
    row.write_text(json.dumps({"settings": systems.settings_digest(composed, "face"), "minutes": 3.0}))
    assert systems.is_current(row, composed, "face", scored=False)
    row.write_text(json.dumps({**json.loads(row.read_text()), "read_from": "results/real"}))
    assert not systems.is_current(row, composed, "face", scored=False)  # it is read again
