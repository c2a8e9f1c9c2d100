"""Compose `conf/` into `params.yaml`, just as `dvc exp run` does.

    python -m keypoints.compose                    # as conf/config.yaml says
    python -m keypoints.compose profile=real       # with other options or values

`params.yaml` is generated: edit `conf/`, never that file. Prints which values changed, if any.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from keypoints import errors, files
from keypoints.errors import UserError
from keypoints.paths import ROOT
from keypoints.settings import params

CONF = ROOT / "conf"


def compose(overrides: list[str], target: Path) -> None:
    """Write the composed configuration to `target`. Raises `UserError` for a wrong option or key."""
    if not CONF.is_dir():
        raise UserError(
            f"{CONF} is not there: run this with a checkout of the project, not an installed package"
        )
    from dvc.utils.hydra import compose_and_dump
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException
    from yaml import YAMLError

    try:
        compose_and_dump(str(target), str(CONF), None, "config", None, list(overrides))
    except (HydraException, OmegaConfBaseException, YAMLError, ValueError) as error:  # the last: nose=null
        text = " ".join(str(error).split()).split(" Config search path")[0]
        raise UserError(f"conf/: {text}") from None


def read(overrides: list[str]) -> dict[str, Any]:
    """The composed configuration, unchecked. Raises `UserError` as `compose` does."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "params.yaml"
        compose(overrides, target)
        return params.read(target, "conf")


def parts() -> list[str]:
    """The parts that conf/config.yaml names, in its order."""
    return list(params.read(CONF / "config.yaml")["parts"])


def main(argv: list[str]) -> None:
    target = Path("params.yaml")
    try:
        before = dict(params.leaves(params.read(target)))
    except UserError:  # missing or broken: it is made again
        before = {}
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "params.yaml"
        compose(argv, made)
        tree = params.read(made, "conf")
        params.parse(tree, "conf")
        after = dict(params.leaves(tree))
        if before == after:
            return
        with files.whole(target) as part:
            shutil.copyfile(made, part)
    changed = [key for key in {**before, **after} if before.get(key, ...) != after.get(key, ...)]
    print(f"params.yaml follows conf/: {len(changed)} values changed", file=sys.stderr)
    for key in changed[:10]:
        print(errors.printable(f"  {key}: {before.get(key)} -> {after.get(key)}"), file=sys.stderr)


if __name__ == "__main__":
    errors.run(main, sys.argv[1:])
