"""What an output depends on: the code that dvc.yaml names, near and far, and every setting."""

from __future__ import annotations

import ast
import copy
import functools
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from dvc.stage import cache

ROOT = Path(__file__).resolve().parent.parent
# These change no output: messages, where files go, logging, checks of params.yaml (whose values are
# dependencies themselves), lists of names.
NEUTRAL = {"errors", "files", "tracking", "params", "__init__", "datasets/__init__"}
# keypoints.images is read by stages that decode pictures; its bound on pixels, by crops.
LIMITS_ONLY = {"images", "archives"}


def imported(path: Path) -> set[str]:
    """Names of this project's modules, as paths below keypoints/, that a file imports anywhere."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "keypoints":
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names if alias.name.startswith("keypoints.")]
        else:
            continue
        for name in names:
            inside = "/".join(name.split(".")[1:])
            if inside and (ROOT / f"keypoints/{inside}.py").is_file():
                found.add(inside)
            elif inside and (ROOT / f"keypoints/{inside}/__init__.py").is_file():
                found.add(f"{inside}/__init__")
    return found


def reached(stage: str) -> set[str]:
    """All modules that a stage's script imports, directly or through others."""
    todo, seen = [ROOT / f"stages/{stage}.py"], set()
    while todo:
        for name in imported(todo.pop()) - seen:
            seen.add(name)
            todo.append(ROOT / f"keypoints/{name}.py")
    return seen


def declared(stage: str) -> list[str]:
    entry = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"][stage]
    return entry.get("do", entry)["deps"]


@pytest.mark.parametrize(
    "stage", ["download", "parse", "preprocess", "train", "evaluate", "render", "collection", "submit"]
)
def test_all_imported_code_is_a_dependency(stage):
    deps = declared(stage)
    assert f"stages/{stage}.py" in deps
    missing = {
        name
        for name in reached(stage) - NEUTRAL
        if not any(f"keypoints/{name}.py" == dep or f"keypoints/{name}".startswith(f"{dep}/") for dep in deps)
    }
    reads_pictures = stage in ("parse", "preprocess", "submit")
    assert missing <= (set() if reads_pictures else LIMITS_ONLY)


def test_declared_code_exists():
    for stage in yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]:
        for dep in declared(stage):
            if dep.startswith(("keypoints/", "stages/")) and "${" not in dep:
                assert (ROOT / dep).exists(), dep


def keys(tree: object, path: tuple = ()) -> Iterator[tuple]:
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
