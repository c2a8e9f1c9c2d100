"""The page on few faces says what was measured, and nothing of what was not."""

from __future__ import annotations

from pathlib import Path

import pytest

from keypoints import synthetic
from keypoints.reports import few_faces


def row(recipe: str, pictures: int, nme: float) -> few_faces.Row:
    return {
        "recipe": recipe,
        "pictures": str(pictures),
        "shown": "96",
        "nme": str(nme),
        "mean_shape_nme": "17.0",
    }


def test_the_page_the_chart_and_the_list_are_of_the_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(few_faces, "RESULTS", tmp_path)
    rows = [row("scratch", 8, 7.5), row("best", 8, 5.25), row("best", 16, 4.0)]
    few_faces.write(rows)
    page = (tmp_path / "own-data.md").read_text()
    assert "| 8 | 7.5 | 5.25 | 17 |" in page and "showed 96 crops" in page
    assert "| 16 |" not in page  # there is nothing to compare with
    assert (tmp_path / "own-data.png").read_bytes().startswith(b"\x89PNG")
    assert few_faces.read_rows() == sorted(rows, key=lambda r: (int(r["pictures"]), r["recipe"]))


def test_the_recipes_are_those_of_conf_for_imm() -> None:
    best, scratch = (few_faces.recipe(name, 100, 8) for name in ("best", "scratch"))
    assert {part.train.init for part in (best, scratch)} == {None, "pretrained/landmarks.pt"}
    assert all(
        part.train.draws * part.train.epochs == 100 and part.train.faces == 8 for part in (best, scratch)
    )
    assert best.data == scratch.data and best.augment == scratch.augment


def test_people_of_the_test_are_not_trained_on(tmp_path: Path) -> None:
    synthetic.write("imm", tmp_path / "imm", faces=12, seed=1)  # of two people
    faces = few_faces.read_faces(tmp_path / "imm", few_faces.recipe("best", 100, 8), 1)
    people = {split: set(map(int, faces.group[faces.split == split])) for split in ("train", "test")}
    assert people == {"train": {1}, "test": {33}} and set(faces.split) == set(people)
