"""A stage loads what it uses."""

from __future__ import annotations

import subprocess
import sys

import pytest

from keypoints.paths import ROOT

TORCH = {"train", "evaluate", "submit"}
HEAVY = {  # seconds to load: which stages use them
    "torch": TORCH,
    "albumentations": {"train"},
    "pandas": {"render", "submit"},
    "matplotlib": set(),  # with the first picture
    "mlflow": set(),  # in a process of its own
    "onnxruntime": set(),
}
STAGES = sorted(path.stem for path in (ROOT / "stages").glob("[!_]*.py"))


@pytest.mark.parametrize("stage", STAGES)
def test_no_stage_imports_what_others_use(stage: str) -> None:
    program = f"import sys, stages.{stage}; print(*({set(HEAVY)} & sys.modules.keys()))"
    made = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert set(made.stdout.split()) <= {name for name, users in HEAVY.items() if stage in users}
