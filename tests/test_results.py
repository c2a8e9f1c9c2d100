"""The commands that gather results: their tables, and what they refuse."""

from __future__ import annotations

import json

from keypoints import results, systems


def test_the_table_has_a_line_a_system_sorted_by_part_and_error(tmp_path):
    rows = [
        {"system": "face=kim", "nme": 9.0, "parameters": 639404, "size": "240x180"},
        {"system": "face=best", "nme": 4.0, "parameters": 1000},
        {"system": "nose=kim", "failed": "see the command's output"},
    ]
    for row in rows:
        (tmp_path / f"{row['system']}.json").write_text(json.dumps(row))
    systems.write_table(tmp_path)
    lines = (tmp_path / "README.md").read_text().splitlines()
    assert [line.split("|")[1].strip() for line in lines[2:]] == ["nose=kim", "face=best", "face=kim"]
    assert "failed" in lines[2] and "639,404" in lines[4]
    assert len({line.count("|") for line in lines}) == 1


def test_every_option_belongs_to_a_group_of_the_table():
    folders = {path.name for path in systems.CONF.iterdir() if path.is_dir()} - {"profile"}
    assert folders == set(systems.GROUPS)


def test_a_subsets_file_becomes_a_table(tmp_path):
    (tmp_path / "a.csv").write_text("kind,name,nme\nregion,jaw,3.5\n")
    assert results.subsets(tmp_path / "a.csv") == [
        "| kind | name | nme |",
        "|---|---|---:|",
        "| region | jaw | 3.5 |",
    ]
