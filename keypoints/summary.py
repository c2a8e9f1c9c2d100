"""Print the layers of a part's net, their output shapes and parameters; nothing is computed.

    python -m keypoints.summary -S nose=zhou             # the parts that -S speaks of
    python -m keypoints.summary -S face=kim --part nose  # another one

Composes `conf/` with the overrides; params.yaml stays as it is.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from keypoints import compose, errors, params


def main(overrides: list[str], parts: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "params.yaml"
        compose.compose(overrides, file)
        settings = params.parse(params.read(file), "conf")
    named = [text.lstrip("+").split("=")[0].split(".")[0] for text in overrides]
    for name in parts or [part for part in settings.parts if part in named] or settings.parts:
        print(f"{name}={settings.part(name).recipe}\n{table(settings.part(name))}")


def table(part: params.Part) -> str:
    """The layers' table of the net that the part trains. Raises `UserError`."""
    from torchinfo import summary

    from keypoints.weights import Trained

    net = Trained.new(part, fresh=False).model
    width, height = part.data.crop_size
    shape = (1, part.data.channels, height, width)
    columns = ("output_size", "num_params", "trainable")
    return str(summary(net, shape, col_names=columns, depth=6, device="meta", verbose=0))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-S", dest="overrides", action="append", default=[], help="as of `dvc exp run`")
    parser.add_argument("--part", action="append", default=[])
    args = parser.parse_args()
    errors.run(main, args.overrides, args.part)
