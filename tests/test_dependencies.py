"""dvc.yaml names the code that an output depends on: all that a stage imports, near and far."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import yaml

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
