"""Repair what a killed run left: truncated lock files of DVC, and temporary files of dead processes.

`make repro` calls it. DVC writes dvc.lock and .dvc/tmp/rwlock in place: a kill in that moment leaves them
truncated or empty, and then every `dvc` command fails. dvc.lock is restored from git; stages that were
finished since then come from DVC's run-cache. A valid lock is never touched: one that was cut off just after
a stage is valid too, and its missing stages also come from the run-cache.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from keypoints import errors, files, paths
from keypoints.errors import UserError
from keypoints.system import git

RWLOCK = Path(".dvc/tmp/rwlock")
FOLDERS = ("data", "models", "metrics", "plots", "submissions", ".checkpoints")  # where runs write
PIPELINE = Path("dvc.yaml")
CUT = Path(".dvc/tmp/dvc.lock.cut")  # what a lock was before it was replaced; git ignores the folder
PAUSE = 1.0  # seconds after which a running DVC has written its file whole


def main() -> None:
    if is_damaged(RWLOCK, json.loads):
        RWLOCK.unlink()
        say(f"{RWLOCK} was cut short: removed")
    if paths.LOCK.exists():
        stages = read_pipeline()
        if is_damaged(paths.LOCK, lambda text: read_lock(text, stages)):
            restore(paths.LOCK)
    swept = [path for folder in FOLDERS for path in files.sweep_below(Path(folder))]
    swept += files.sweep(paths.PARAMS)
    if swept:
        say(f"{len(swept)} temporary files of dead processes removed, the first {swept[0]}")


def is_damaged(path: Path, read: Any) -> bool:
    """Whether a file is there and cannot be read, also a moment later."""
    for last in (False, True):
        try:
            read(path.read_text(encoding="utf-8"))
            return False
        except FileNotFoundError:
            return False
        except Exception:  # a file cut anywhere can be wrong in any way
            if not last:
                time.sleep(PAUSE)
    return True


def read_pipeline() -> dict[str, Any]:
    """The stages of dvc.yaml, by which a lock is checked. Raises `UserError`."""
    import yaml

    try:
        stages = yaml.safe_load(PIPELINE.read_text(encoding="utf-8"))["stages"]
        return {name: stage.get("do", stage) for name, stage in stages.items()}
    except Exception as error:  # YAML of any kind, by whoever edits it
        why = " ".join(str(error).split())
        raise UserError(f"{PIPELINE} cannot be read, {paths.LOCK} stays as it is: {why}: fix it") from None


def read_lock(text: str, stages: dict[str, Any]) -> None:
    """Raise any exception for a text that DVC does not accept as dvc.lock, or that is cut within a stage."""
    import yaml
    from dvc.schema import COMPILED_LOCKFILE_SCHEMA

    if not text.endswith("\n"):
        raise ValueError("the last line is cut")
    COMPILED_LOCKFILE_SCHEMA(made := yaml.safe_load(text))
    name, last = list(made["stages"].items())[-1] if made.get("stages") else ("", {})
    outs = last.get("outs", [])
    stage = stages.get(name.partition("@")[0], {})
    if not outs and any(stage.get(kind) for kind in ("outs", "metrics", "plots")):
        raise ValueError(f"{name} is cut before its outs")
    if any(out.keys() <= {"path", "hash"} for out in outs):
        raise ValueError(f"{name} is cut before the hash of an out")


def restore(lock: Path) -> None:
    """Restore the file from git, or remove it, since DVC makes it again; the damaged one is kept as CUT."""
    CUT.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(lock, CUT)
    try:
        whole = git.ask("show", f"HEAD:./{lock}")
    except (OSError, subprocess.CalledProcessError):
        lock.unlink()
        say(f"{lock} was cut short: removed, kept as {CUT}; `dvc repro` makes it again")
        return
    with files.whole(lock) as part:
        part.write_text(whole, encoding="utf-8")
    say(
        f"{lock} was cut short: put back as in git, kept as {CUT}; "
        "what was finished comes from DVC's run-cache"
    )


def say(text: str) -> None:
    print(errors.printable(f"mended: {text}"), file=sys.stderr)


if __name__ == "__main__":
    errors.run(main)
