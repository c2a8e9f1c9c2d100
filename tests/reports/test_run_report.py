"""What a run gave, gathered: tables, and entries of parts that are not renewed."""

from __future__ import annotations

import yaml

from keypoints.paths import ROOT
from keypoints.reports import run_report
from keypoints.settings import params


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


def test_only_the_stages_that_measure_are_asked_for():
    assert run_report.measuring_stages(["nose"], False) == ["--with-deps", "evaluate@nose", "render@nose"]
    assert run_report.measuring_stages(["nose"], True)[-1] == "submit"


def test_the_committed_results_give_a_row_a_part_and_a_table_of_each():
    settings = params.load(ROOT / "results/real/params.yaml")
    lines = run_report.page_lines(ROOT / "results/real", settings)
    assert lines[0] == "# Results of the profile `real`"
    rows = [line.split("|")[1].strip() for line in lines if line.startswith("|")]
    assert rows[2 : 2 + len(settings.parts)] == list(settings.parts)
    assert [line for line in lines if "by subset and region" in line] == [
        f"## {part}: by subset and region" for part in settings.parts
    ]


def test_missing_files_are_not_copied(tmp_path):
    (tmp_path / "a.csv").write_text("1")
    run_report.copy_existing([tmp_path / "a.csv", tmp_path / "b.csv"], tmp_path / "new" / "folder")
    assert [path.name for path in (tmp_path / "new/folder").iterdir()] == ["a.csv"]
