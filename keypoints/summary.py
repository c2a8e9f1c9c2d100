"""Print the layers of a part's net, their output shapes and parameters; nothing is computed.

    keypoints summary -S nose=zhou             # the parts that -S names
    keypoints summary -S face=kim --part nose  # another one

Composes `conf/` with the overrides; params.yaml stays as it is.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from keypoints import errors

if TYPE_CHECKING:
    from keypoints.settings.recipes import Part


def command(argv: Sequence[str] | None = None, prog: str = "keypoints summary") -> None:
    parser = argparse.ArgumentParser(prog=prog, description=errors.summary(__doc__))
    parser.add_argument("-S", dest="overrides", action="append", default=[], help="as of `dvc exp run`")
    parser.add_argument("--part", action="append", default=[])
    args = parser.parse_args(argv)
    errors.run(main, args.overrides, args.part)


def main(overrides: list[str], parts: list[str]) -> None:
    errors.import_extra("train", "hydra", "torch", "torchinfo")
    from keypoints import compose
    from keypoints.settings import params

    settings = params.parse(compose.read(overrides), "conf")
    named = [text.lstrip("+").split("=")[0].split(".")[0] for text in overrides]
    for name in parts or [part for part in settings.parts if part in named] or settings.parts:
        print(f"{name}={settings.part(name).recipe}\n{table(settings.part(name))}")


def table(part: Part) -> str:
    """The layers' table of the net that the part trains. Raises `UserError`."""
    from torchinfo import summary

    from keypoints.models.trained import Trained

    net = Trained.new(part, fresh=False).model
    width, height = part.data.crop_size
    shape = (1, part.data.channels, height, width)
    columns = ("output_size", "num_params", "trainable")
    return str(summary(net, shape, col_names=columns, depth=6, device="meta", verbose=0))


if __name__ == "__main__":
    command(prog="python -m keypoints.summary")
