"""What an output depends on: the code that dvc.yaml names, room by room, and every setting."""

from __future__ import annotations

import ast
import copy
import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from dvc.stage import cache

from keypoints import compose, datasets, models, paths
from keypoints.paths import ROOT
from keypoints.predict import detectors
from keypoints.settings import params, recipes
from keypoints.training import dependencies

PIPELINE = yaml.safe_load((ROOT / "dvc.yaml").read_text())
STAGES = list(PIPELINE["stages"])
VERSIONS = "versions.txt"
# These change no output: messages, checks of params.yaml (whose values are dependencies themselves), where
# files lie, logging, what is shipped, bounds that no data set reaches, on how many cores. What they import in
# turn changes none either.
DRAWING = "keypoints/synthetic"  # what `${item.path}` is, unless a person names a folder
NEUTRAL = {
    "keypoints.errors",
    "keypoints.system.garbage",
    "keypoints.system.interrupts",
    "keypoints.mend",
    "keypoints.system.parallel",
    "keypoints.paths",
    "keypoints.pictures.limits",
    "keypoints.pretrained",
    "keypoints.settings.params",
    "keypoints.tracking",
    "keypoints",
}
TYPES = {"Region"}  # who imports nothing else of a module does not depend on it
ARCHIVES = {"keypoints.datasets.archives", "keypoints.datasets.tar_headers"}
# Code that a stage imports and that decides none of its bytes.
SPARED = {
    # An archive is fetched as it is, packed or drawn.
    "download": {"keypoints.datasets", "keypoints.datasets.tar_headers"},
    # These read tensors: `tensors` imports the reading of pictures lazily.
    **{
        stage: {"keypoints.datasets", *ARCHIVES, "keypoints.pictures.images"}
        for stage in ("train", "evaluate", "render")
    },
}


def file_of(module: str) -> Path | None:
    """The file of one of this project's modules."""
    path = ROOT.joinpath(*module.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


def statements(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes below one, but for what type checkers alone see."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield child
        yield from statements(child)


@functools.cache
def imported(file: Path) -> frozenset[str]:
    """The modules of this project that a file imports anywhere, or loads by name, with their packages."""
    names: set[str] = set()
    for node in statements(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and {alias.name for alias in node.names} - TYPES:
            names |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Attribute) and ast.unparse(node) == "datasets.get":
            names |= {f"keypoints.datasets.{name}" for name in datasets.DATASETS}
    if file == ROOT / "keypoints/models/__init__.py":
        names |= {module for module, *_ in models.FAMILIES.values()}
    if file == ROOT / "keypoints/predict/detectors/__init__.py":
        names |= {entry.module for entry in detectors.DETECTORS.values()}
    ours = {name for name in names if name.split(".")[0] == "keypoints" and file_of(name)}
    return frozenset(".".join(name.split(".")[:k]) for name in ours for k in range(1, name.count(".") + 2))


def reached(stage: str) -> set[str]:
    """All modules that a stage's script imports, directly or through others that are not neutral."""
    todo, seen = [ROOT / f"stages/{stage}.py"], set()
    while todo:
        for name in imported(todo.pop()) - seen - NEUTRAL:
            seen.add(name)
            todo.append(file_of(name))
    return seen


def has_code(module: str) -> bool:
    """Whether there is more in a module than its docstring."""
    body = ast.parse(file_of(module).read_text()).body
    return any(not isinstance(node, ast.Expr) for node in body)


def code(stage: str) -> list[str]:
    """What a stage depends on and git keeps: files and rooms."""
    return [
        DRAWING if dep == "${item.path}" else dep
        for dep in dependencies.declared(stage)
        if not dep.startswith(("data/", "models/", "metrics/")) and dep != "${item}"
    ]


def test_what_differs_from_part_to_part_is_code_or_a_persons_own():
    """A data set is drawn and weights are random, unless params.yaml names a folder or a file instead."""
    settings = params.load(ROOT / "params.yaml")
    assert (ROOT / DRAWING).is_dir() and DRAWING == params.DRAWN
    assert (ROOT / recipes.RANDOM).is_file() and covered(ROOT / recipes.RANDOM, "train")
    assert PIPELINE["stages"]["train"]["foreach"] == "${inits}" and "${item}" in dependencies.declared(
        "train"
    )
    for name, dataset in settings.datasets.items():
        assert dataset.path == DRAWING or dataset.splits, name


def covered(file: Path, stage: str) -> bool:
    return any(file == ROOT / dep or file.is_relative_to(ROOT / dep) for dep in code(stage))


def touched(file: str) -> set[str]:
    """The stages that start again when this file changes."""
    return {stage for stage in STAGES if covered(ROOT / file, stage)}


@pytest.mark.parametrize("stage", STAGES)
def test_all_imported_code_is_a_dependency(stage):
    modules = {name for name in reached(stage) if has_code(name)}
    missing = {name for name in modules if not covered(file_of(name), stage)}
    assert missing - SPARED.get(stage, set()) == set()
    assert SPARED.get(stage, set()) <= missing, "a stage is spared what it depends on, or never imports"
    assert {f"stages/{stage}.py", VERSIONS} <= set(code(stage))


@pytest.mark.parametrize("stage", STAGES)
def test_every_dependency_is_imported(stage):
    """A file, or at least one of a room; anything more would start stages for nothing."""
    files = {file_of(name) for name in reached(stage)}
    for dep in set(code(stage)) - {f"stages/{stage}.py", VERSIONS}:
        assert any(file == ROOT / dep or file.is_relative_to(ROOT / dep) for file in files), dep


def test_modules_that_are_loaded_by_name_are_found():
    assert {f"keypoints.datasets.{name}" for name in datasets.DATASETS} <= reached("parse")
    assert "keypoints.datasets.imm" in reached("preprocess") - reached("train")
    assert "keypoints.models.unet" in reached("submit")
    assert "keypoints.predict.detectors.yunet" in reached("collection")


@pytest.mark.parametrize(
    "file, stages",
    [
        ("keypoints/plots/faces.py", {"render", "collection"}),
        ("keypoints/models/codecs/heatmap.py", {"train", "evaluate", "collection", "submit"}),
        ("keypoints/datasets/youtube.py", {"parse", "preprocess", "collection", "submit"}),
        ("keypoints/predict/framing.py", {"collection", "submit"}),
        ("keypoints/training/loop.py", {"train"}),
        ("keypoints/training/snapshots.py", {"train", "render"}),
        ("keypoints/synthetic/head.py", {"download"}),
        ("stages/train.py", {"train"}),
        (VERSIONS, set(STAGES)),
    ],
)
def test_a_change_of_one_file_touches_only_its_stages(file, stages):
    assert (ROOT / file).is_file()
    assert touched(file) == stages


@pytest.mark.parametrize("room", ["export", "reports", "app", "overlays", "inspection"])
def test_rooms_that_make_no_output_touch_no_stage(room):
    files = [path.relative_to(ROOT) for path in (ROOT / "keypoints" / room).iterdir() if path.is_file()]
    assert files and all(touched(str(file)) == set() for file in files)


def test_training_depends_on_no_drawing_code():
    rooms = [ROOT / dep for dep in code("train") if (ROOT / dep).is_dir()]
    assert rooms
    drawing = {"keypoints.plots", "keypoints.overlays", "keypoints.pictures.colours"}
    for file in (file for room in rooms for file in room.rglob("*.py")):
        assert not imported(file) & drawing, file
        assert "matplotlib" not in file.read_text(), file


def test_checkpoints_go_by_the_same_code():
    files = dependencies.code_of("train")
    assert files == sorted(files) and all(file.suffix == ".py" for file in files)
    assert {ROOT / "stages/train.py", ROOT / "keypoints/crops.py", ROOT / "keypoints/models/unet.py"} <= {
        *files
    }
    assert not any("plots" in file.parts for file in files)
    assert all(covered(file, "train") for file in files)


def test_code_of_a_stage_is_found_in_rooms_and_files(tmp_path):
    (tmp_path / "dvc.yaml").write_text("stages: {a: {deps: [b.py, room, data/c]}, d: {do: {deps: [b.py]}}}")
    (tmp_path / "room/inner").mkdir(parents=True)
    for name in ("b.py", "room/z.py", "room/inner/y.py", "room/page.css"):
        (tmp_path / name).touch()
    found = [str(file.relative_to(tmp_path)) for file in dependencies.code_of("a", tmp_path)]
    assert found == ["b.py", "room/inner/y.py", "room/z.py"]
    assert dependencies.code_of("d", tmp_path) == [tmp_path / "b.py"]


def test_every_file_that_the_pipeline_names_exists():
    for stage in STAGES:
        for dep in code(stage):
            assert "$" not in dep and (ROOT / dep).exists(), dep
    assert (ROOT / paths.COLLECTION).is_dir()
    for artifact in PIPELINE["artifacts"].values():
        path = ROOT / artifact["path"]
        assert path.is_file() or Path(f"{path}.dvc").is_file(), path


def outs(part: str, dataset: str) -> set[str]:
    """The paths of all outs, plots and metrics of the stages, for one part and one data set."""
    found = set()
    for stage in PIPELINE["stages"].values():
        body = stage.get("do", stage)
        key = dataset if stage.get("foreach") == "${datasets}" else part
        for out in (out for kind in ("outs", "plots", "metrics") for out in body.get(kind, [])):
            path = out if isinstance(out, str) else next(iter(out))
            found.add(path.replace("${key}", key).replace("${item}", dataset))
    return found


@pytest.mark.parametrize("part", compose.parts())
def test_every_path_is_an_out_of_the_pipeline(part):
    of_part = (
        "tensors",
        "weights",
        "snapshots",
        "predictions",
        "learned",
        "metrics",
        "figures",
        "history",
        "subsets",
        "cumulative",
    )
    known = {str(getattr(paths, name)(part)) for name in (*of_part, "plots")}
    known |= {str(path("imm")) for path in (paths.archive, paths.table, paths.left_out)}
    known |= {str(paths.SUBMISSION)}
    assert known | {f"plots/collection/{part}"} == outs(part, "imm")


def test_every_path_is_asked_for():
    """A new function in paths.py belongs into the test above."""
    functions = re.findall(r"^def (\w+)\(", (ROOT / "keypoints/paths.py").read_text(), re.MULTILINE)
    known = {
        "archive",
        "table",
        "left_out",
        "tensors",
        "weights",
        "snapshots",
        "predictions",
        "learned",
        "metrics",
        "history",
        "figures",
    }
    assert set(functions) == known | {"subsets", "cumulative", "plots", "workspace"}


def test_the_plots_of_all_parts_show_every_part():
    """By the files that `charts` lists, also those of a part that an option adds."""
    for option in ([], ["own=best"]):
        composed = compose.read(option)
        pictures, *charts = PIPELINE["plots"]
        assert pictures == str(paths.plots("nose").parent)
        for entry in charts:
            ((title, plot),) = entry.items()
            kind = paths.cumulative if title == "cumulative error" else paths.history
            lines = composed["charts"][plot["y"].removeprefix("${charts.").removesuffix("}")]
            assert list(lines) == [str(kind(part)) for part in composed["parts"]], title


@pytest.mark.parametrize("profile", ["demo", "real"])
@pytest.mark.parametrize("options", [[], ["own=best"], ["faces=best"], ["glance=best"]], ids=str)
def test_params_has_every_key_that_a_stage_reads(profile, options):
    """Those of the parts that an option adds too: DVC refuses a stage with a key that is not there."""
    composed = compose.read([f"profile={profile}", *options])
    for stage in PIPELINE["stages"].values():
        loop = stage.get("foreach", "").removeprefix("${").removesuffix("}")
        for key, item in composed[loop].items() if loop else [("", "")]:
            for name in stage.get("do", stage).get("params", []):
                name = name.replace("${submission.part}", composed["submission"]["part"])
                path = name.replace("${key}", key).replace("${item}", str(item)).split(".")
                functools.reduce(dict.__getitem__, path, composed)


def test_versions_that_decide_results_are_pinned():
    lines = [line for line in (ROOT / VERSIONS).read_text().splitlines() if not line.startswith("#")]
    pinned = dict(line.split("==") for line in lines)
    assert {"torch", "numpy", "albumentations", "opencv-python-headless"} <= set(pinned)
    elsewhere = (ROOT / "constraints.txt").read_text().splitlines()
    assert not {line.split("==")[0] for line in elsewhere} & set(pinned)


def keys(tree: Any, path: tuple = ()) -> Iterator[tuple]:
    """The paths of all keys of nested mappings."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield (*path, key)
            yield from keys(value, (*path, key))


def test_the_run_cache_sees_every_setting():
    """It leaves out what is called like a file's `size` (dvc#10296): another run's outputs would be taken."""
    for option in [ROOT / "params.yaml", *sorted(ROOT.glob("conf/*/*.yaml"))]:
        settings = yaml.safe_load(option.read_text())
        seen = cache._get_cache_hash({"params": settings})
        for path in keys(settings):
            changed = copy.deepcopy(settings)
            functools.reduce(dict.__getitem__, path[:-1], changed)[path[-1]] = "another value"
            assert cache._get_cache_hash({"params": changed}) != seen, f"{option.name}: {'.'.join(path)}"
