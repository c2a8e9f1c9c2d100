"""Put right what a killed run left: DVC's lock files cut short, and temporary files of dead processes.

`make repro` calls it. DVC writes dvc.lock and .dvc/tmp/rwlock in place: a kill in that moment leaves them cut
or empty, and then every `dvc` command fails. dvc.lock comes back from git; what had been finished since comes
from DVC's run-cache.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from keypoints import errors, files, paths

RWLOCK = Path(".dvc/tmp/rwlock")
FOLDERS = ("data", "models", "metrics", "plots", "submissions", ".checkpoints")  # where runs write
PIPELINE = Path("dvc.yaml")
PAUSE = 1.0  # seconds after which a running DVC has written its file whole


def main() -> None:
    if is_damaged(RWLOCK, json.loads):
        RWLOCK.unlink()
        say(f"{RWLOCK} was cut short: removed")
    if is_damaged(paths.LOCK, read_lock):
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


def read_lock(text: str) -> None:
    """Raise whatever it is for what DVC would not take as a dvc.lock, and for one whose end is missing."""
    import yaml
    from dvc.schema import COMPILED_LOCKFILE_SCHEMA

    if not text.endswith("\n"):
        raise ValueError("the last line is cut")
    COMPILED_LOCKFILE_SCHEMA(made := yaml.safe_load(text))
    known = yaml.safe_load(PIPELINE.read_text(encoding="utf-8"))["stages"]
    before = yaml.safe_load(committed(paths.LOCK)) or {"stages": {}}
    for name, stage in before["stages"].items():
        outs = made["stages"].get(name, {}).get("outs", [])
        if len(outs) < len(stage["outs"]) and name.partition("@")[0] in known:
            raise ValueError(f"{name}, as git has it, is cut off")


def committed(file: Path) -> str:
    """The text of a file as git has it; empty where there is none."""
    done = subprocess.run(["git", "show", f"HEAD:./{file}"], capture_output=True, check=False)
    return "" if done.returncode else done.stdout.decode()


def restore(lock: Path) -> None:
    """The file as git has it, or none: DVC makes it again."""
    whole = committed(lock)
    if not whole:
        lock.unlink()
        say(f"{lock} was cut short: removed; `dvc repro` makes it again")
        return
    with files.whole(lock) as part:
        part.write_text(whole, encoding="utf-8")
    say(f"{lock} was cut short: put back as in git; what was finished comes from DVC's run-cache")


def say(text: str) -> None:
    print(errors.printable(f"mended: {text}"), file=sys.stderr)


if __name__ == "__main__":
    errors.run(main)
