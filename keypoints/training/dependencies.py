"""The code that a stage's results depend on, as dvc.yaml lists it: one list for DVC and for checkpoints."""

from __future__ import annotations

from pathlib import Path

import yaml

from keypoints.paths import ROOT


def declared(stage: str, root: Path = ROOT) -> list[str]:
    """The `deps` of a stage, as dvc.yaml lists them."""
    entry = yaml.safe_load((root / "dvc.yaml").read_text(encoding="utf-8"))["stages"][stage]
    return list(entry.get("do", entry)["deps"])


def code_of(stage: str, root: Path = ROOT) -> list[Path]:
    """The Python files of a stage's dependencies, including those in folders, sorted."""
    found: set[Path] = set()
    for dependency in declared(stage, root):
        path = root / dependency
        found |= set(path.rglob("*.py")) if path.is_dir() else {path}
    found = {path for path in found if path.suffix == ".py"}
    return sorted(found)
