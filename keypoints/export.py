"""A trained part for other programs: an ONNX file, or a model that MLflow serves.

python -m keypoints.export                                  # exports/landmarks.onnx
python -m keypoints.export --weights models/nose.pt --out nose.onnx
python -m keypoints.export --mlflow                         # exports/landmarks-mlflow
mlflow models serve -m exports/landmarks-mlflow --env-manager local
"""

from __future__ import annotations

import argparse
import contextlib
import io
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path

from keypoints import errors, graph, serving, shipped, weights

FOLDER = Path("exports")
UNNAMED = Path("")  # `--mlflow` without a folder


def main(part: str, own: Path | None, out: Path | None, folder: Path | None) -> None:
    file = own or shipped.weights(part)
    trained = weights.load(file)
    name = file.stem
    if folder is not None:
        folder = FOLDER / f"{name}-mlflow" if folder == UNNAMED else folder
        with quiet():
            serving.save(trained, file, folder)
        print(f"{folder}: mlflow models serve -m {folder} --env-manager local")
    else:
        out = out or FOLDER / f"{name}.onnx"
        with quiet():
            differs = graph.save(trained, name, out)
        print(f"{out}: {trained.scheme.points} points, at most {differs:.1g} px from torch")


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """The exporters print, warn, log and draw progress bars: none of it is for the user."""
    nowhere = io.StringIO()
    with (
        warnings.catch_warnings(action="ignore"),
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
    ):
        before = logging.root.manager.disable
        logging.disable(logging.ERROR)
        try:
            yield
        finally:
            logging.disable(before)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--part", default="landmarks", help=f"{', '.join(shipped.PARTS)}: what is shipped")
    which.add_argument("--weights", type=Path, help="a file of one's own, models/<part>.pt")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--out", type=Path, help="the ONNX file; exports/<part>.onnx")
    what.add_argument(
        "--mlflow", type=Path, nargs="?", const=UNNAMED, help="an MLflow model in this folder instead"
    )
    args = parser.parse_args()
    errors.run(main, args.part, args.weights, args.out, args.mlflow)
