"""A copy of the project, as git would commit it, and DVC in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from keypoints.paths import ROOT


def copy_project(copy: Path, change: Callable[[Path], None] = lambda copy: None) -> Path:
    """Copy what git would commit into the new folder `copy`, a repository with one commit.

    `change` is called with it before it is committed.
    """
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, check=True
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, copy / name)
    change(copy)
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@t", "-C", str(copy)]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "-qm", "as it is"], check=True)
    return copy


def environment() -> dict[str, str]:
    """As a shell in the project: its own root, this Python's commands first."""
    inherited = {
        k: v for k, v in os.environ.items() if not k.startswith(("DVC_", "KEYPOINTS_", "MLFLOW_", "OMP_"))
    }
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return inherited | {"PATH": path, "PYTHONPATH": ".", "GIT_CONFIG_GLOBAL": os.devnull}


def run(project: Path, *command: str) -> subprocess.CompletedProcess:
    """A command in the project, which must succeed."""
    done = subprocess.run(command, cwd=project, env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done
