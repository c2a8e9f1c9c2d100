"""A person's own faces through the whole pipeline, in a copy of the project and with a tiny budget."""

from __future__ import annotations

import csv
import itertools
import json
import re
import statistics
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml

from keypoints import files
from keypoints.synthetic import coco
from tests.checkout import copy_project, run

NAMES = list(coco.POINTS)
STAGES = ("download", "parse", "preprocess", "train", "evaluate", "render", "collection")
TINY = [
    "own.train.epochs=2",
    "own.data.crop_size=[64,64]",
    "own.data.margin=8",
    "threads=1",
    "own.train.batch=4",
    "datasets.own.splits.folds=3",
]
TARGETS = [f"{stage}@own" for stage in STAGES[4:]]


def compose(project: Path, *arguments: str) -> str:
    return run(project, sys.executable, "-m", "keypoints.own", *arguments).stderr


def would_start(project: Path, *targets: str) -> set[str]:
    return set(re.findall(r"Running stage '(.+)'", run(project, "dvc", "repro", "--dry", *targets).stdout))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve drawn faces and their COCO list, in a folder with a blank in its name."""
    made = tmp_path_factory.mktemp("own") / "my faces"
    for name, content in coco.members(12, 5):
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_bytes(content)
    return made


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> Path:
    """What `make own DATA=folder` runs."""
    copy = copy_project(tmp_path_factory.mktemp("checkout") / "project")
    compose(copy, str(folder), *TINY)
    run(copy, "dvc", "pull", "-q", "-r", "shipped", "pretrained/landmarks.pt.dvc")
    run(copy, "dvc", "repro", *TARGETS)
    return copy


def test_only_the_parts_own_stages_ran(project: Path) -> None:
    said = yaml.safe_load((project / "dvc.lock").read_text())["stages"]
    assert {stage for stage in said if stage.endswith("@own")} == {f"{stage}@own" for stage in STAGES}
    assert {path.name for path in (project / "data/archives").iterdir()} == {"own", ".gitignore"} - {
        ".gitignore"
    }
    assert {path["path"] for path in said["train@own"]["deps"]} >= {"pretrained/landmarks.pt"}


def test_the_sizes_follow_from_the_data(project: Path, folder: Path) -> None:
    made = yaml.safe_load((project / "params.yaml").read_text())
    assert made["datasets"]["own"]["path"] == str(folder)
    assert 0.8 < made["own"]["data"]["frame"][0] < 1.2  # drawn boxes are dlib's, and so are the detector's
    assert 1.2 < made["own"]["data"]["scale"] < 1.6
    assert made["own"]["train"]["epochs"] == 2  # what is given by hand counts


def test_figures_say_what_they_are_divided_by(project: Path) -> None:
    figures = json.loads((project / "metrics/own.json").read_text())
    assert figures["nme_unit"] == "the box's diagonal" and 0 < figures["nme"] < figures["mean_shape_nme"] * 3
    assert {path.suffix for path in (project / "plots/own").iterdir()} == {".png"}
    assert (project / "data/tables/own-left-out.csv").read_text() == "file,why\n"
    assert "own.csv" in run(project, "dvc", "plots", "show", "--json").stdout


def test_folds_test_every_face_once_and_say_mean_and_spread(project: Path) -> None:
    said = run(project, sys.executable, "-m", "keypoints.reports.folds", "own").stdout
    with (project / "metrics/folds/own.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    table = pd.read_parquet(project / "data/tables/own.parquet")
    tested = [table["file"][table[f"split_{row['fold']}"] == "test"].tolist() for row in rows]
    assert [len(files) for files in tested] == [int(float(row["faces"])) for row in rows]
    assert sorted(itertools.chain(*tested)) == sorted(table["file"]) and len(rows) == 3
    errors = [float(row["nme"]) for row in rows]
    assert f"{statistics.mean(errors):.4g}"[:4] in said and "standard deviation" in said
    assert not list((project / ".checkpoints").glob("own-fold*"))


def test_the_weights_name_the_points(project: Path, folder: Path) -> None:
    photo = str(next(folder.glob("photographs/*")))
    options = ["--weights", "models/own.pt", "--json", "--box", "80,80,90,90", photo]
    said = run(project, sys.executable, "-m", "keypoints", *options).stdout
    face = json.loads(said.splitlines()[0])
    assert [point["name"] for point in face["points"]] == NAMES


def test_a_corrected_annotation_is_noticed_and_nothing_else(project: Path, folder: Path) -> None:
    assert would_start(project, *TARGETS) == set()
    listed = folder / "annotations.json"
    before = listed.read_text()
    try:
        listed.write_text(before.replace('"bbox"', '"bbox" ', 1))
        assert would_start(project, *TARGETS) == {"download@own"}
    finally:
        listed.write_text(before)
    assert would_start(project, *TARGETS) == set()


def test_without_it_nothing_of_it_is_left(project: Path) -> None:
    kept = (project / "params.yaml").read_bytes()
    run(project, sys.executable, "-m", "keypoints.compose")
    try:
        assert "own" not in yaml.safe_load((project / "params.yaml").read_text())
        assert not any(
            stage.endswith("@own") for stage in run(project, "dvc", "stage", "list").stdout.split()
        )
    finally:
        (project / "params.yaml").write_bytes(kept)


def test_the_example_is_drawn_where_no_folder_is_named(project: Path) -> None:
    kept = (project / "params.yaml").read_bytes()
    try:
        compose(project)
        made = yaml.safe_load((project / "params.yaml").read_text())
        assert (
            made["datasets"]["own"]["path"] == "keypoints/synthetic" and made["profile"]["faces"]["own"] == 60
        )
        assert "download@own" in would_start(project, *TARGETS)
    finally:
        (project / "params.yaml").write_bytes(kept)


def test_the_drawn_list_is_what_was_drawn(tmp_path: Path) -> None:
    drawn = dict(coco.members(3, 5))
    assert drawn == dict(coco.members(3, 5))
    content = json.loads(drawn["annotations.json"])
    assert content["categories"][0]["keypoints"] == NAMES
    for image, face in zip(content["images"], content["annotations"], strict=True):
        marks = [face["keypoints"][3 * k : 3 * k + 3] for k in range(len(NAMES))]
        assert image["file_name"] in drawn and face["num_keypoints"] == sum(v > 0 for _, _, v in marks)
        assert all(0 < x < image["width"] and 0 < y < image["height"] for x, y, v in marks if v)
    assert files.save_tar(tmp_path / "a.tar", drawn.items()) == 4
