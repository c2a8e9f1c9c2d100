"""The commands that gather results: their tables, and what they refuse."""

from __future__ import annotations

import json

import pytest

from keypoints import params, results, standings, systems


def test_the_table_has_a_line_a_system_sorted_by_part_and_error(tmp_path):
    rows = [
        {"system": "face=kim", "nme": 9.0, "mean_shape_nme": 37.0, "parameters": 639404, "size": "240x180"},
        {"system": "face=kim", "changed": "train.lr=1", "nme": 90.0, "mean_shape_nme": 37.0},
        {"system": "face=best", "nme": 4.0, "mean_shape_nme": 37.0, "parameters": 1000},
        {"system": "nose=kim", "failed": "see the command's output"},
    ]
    for number, row in enumerate(rows):
        (tmp_path / f"{number}.json").write_text(json.dumps(row))
    standings.write(tmp_path)
    lines = (tmp_path / "README.md").read_text().splitlines()
    table = [line.split("|") for line in lines if line.startswith("|")]
    systems_of = [line[1].strip() for line in table[2:]]
    assert systems_of == ["nose=kim", "face=best", "face=kim", "face=kim"]
    assert "failed" in lines[2] and "639,404" in lines[4] and "train.lr=1" in lines[5]
    assert len(set(map(len, table))) == 1
    assert (tmp_path / "face.png").exists() and not (tmp_path / "nose.png").exists()


@pytest.mark.parametrize("part", standings.GROUPS)
def test_every_row_that_is_listed_composes(part):
    for cpu in (False, True):
        listed = list(systems.listed(part, cpu))
        assert len({system.name for system in listed}) == len(listed)
        for system in listed:
            composed = systems.compose(["profile=real", *system.overrides])
            assert params.parse(composed).part(part).data.dataset


def test_a_machine_without_a_gpu_trains_the_heavy_ones_for_less():
    changed = {cpu: {s.name: s.changed for s in systems.listed("landmarks", cpu)} for cpu in (False, True)}
    assert changed[False]["zhou"] == [] and changed[True]["zhou"]
    assert changed[False]["best"] == changed[True]["best"] == []


def test_every_option_belongs_to_a_group_of_the_table():
    folders = {path.name for path in systems.CONF.iterdir() if path.is_dir()} - {"profile"}
    assert folders == set(standings.GROUPS)


def test_a_subsets_file_becomes_a_table(tmp_path):
    (tmp_path / "a.csv").write_text("kind,name,nme\nregion,jaw,3.5\n")
    assert results.subsets(tmp_path / "a.csv") == [
        "| kind | name | nme |",
        "|---|---|---:|",
        "| region | jaw | 3.5 |",
    ]
