"""The table of all systems that were run, and which charts stand below it."""

from __future__ import annotations

import json

from keypoints.reports.systems import table


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
    table.write(tmp_path, ["nose-kim", "nose-never_run", *names[:3]])
    lines = (tmp_path / "README.md").read_text().splitlines()
    shown = [line for line in lines if line.startswith("|")][2:]
    cells = [line.split("|") for line in lines if line.startswith("|")]
    systems_of = [" ".join("".join(line[1:4]).split()) for line in cells[2:]]
    assert systems_of == ["nose kim", "face best", "face kim", "face kim_fast kim: train.lr=1"]
    assert "failed: see the command's output" in shown[0] and "639,404" in shown[2]
    assert len(set(map(len, cells))) == 1
    drawn = {"face-nme.png", "face-regions.png", "face-follow_position.png", "face-val_nmes.png"}
    drawn |= {"kaggle.png"}
    assert drawn == {line.partition("](")[2].rstrip(")") for line in lines if line.startswith("![")}
    assert {path.name for path in tmp_path.glob("*.png")} == drawn


def test_no_row_gives_an_empty_table(tmp_path):
    table.write(tmp_path, ["nose-kim"])
    assert (tmp_path / "README.md").read_text().count("\n|") == 2
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]
