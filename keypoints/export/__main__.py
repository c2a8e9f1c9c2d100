"""A trained part for other programs: an ONNX file, or a model that MLflow serves.

keypoints export                                  # exports/landmarks.onnx
keypoints export --weights models/nose.pt --out nose.onnx
keypoints export --mlflow                         # exports/landmarks-mlflow
keypoints export --mlflow --register faces        # and a version of the model faces in MLflow's registry
mlflow models serve -m exports/landmarks-mlflow --env-manager local
"""

from __future__ import annotations

import argparse
import contextlib
import io
import logging
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

from keypoints import errors, pretrained
from keypoints.errors import import_extra

FOLDER = Path("exports")
UNNAMED = Path("")  # `--mlflow` without a folder


def command(argv: Sequence[str] | None = None, prog: str = "keypoints export") -> None:
    parser = argparse.ArgumentParser(prog=prog, description=errors.summary(__doc__))
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--part", default="landmarks", help=f"{', '.join(pretrained.PARTS)}: what is shipped")
    which.add_argument("--weights", type=Path, help="a file of your own, models/<part>.pt")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--out", type=Path, help="the ONNX file; exports/<part>.onnx")
    what.add_argument(
        "--mlflow", type=Path, nargs="?", const=UNNAMED, help="an MLflow model in this folder instead"
    )
    parser.add_argument("--register", metavar="NAME", help="with --mlflow: as a version of this model, too")
    args = parser.parse_args(argv)
    if args.register and args.mlflow is None:
        parser.error("--register goes with --mlflow")
    errors.run(main, args.part, args.weights, args.out, args.mlflow, args.register)


def main(
    part: str, own: Path | None, out: Path | None, folder: Path | None, register: str | None = None
) -> None:
    import_extra("train", "torch", "onnxscript")
    from keypoints.models.trained import Trained

    file = own or pretrained.file(part, "pt")
    name = own.stem if own else part
    trained = Trained.load(file)
    if folder is not None:
        import_extra("mlflow", "mlflow")
        from keypoints.export import mlflow_package

        folder = FOLDER / f"{name}-mlflow" if folder == UNNAMED else folder
        with silenced():
            mlflow_package.save(trained, name, folder)
            if register:
                mlflow_package.register(trained, name, folder, register)
        print(f"{folder}: mlflow models serve -m {folder} --env-manager local")
    else:
        from keypoints.export import onnx_graph

        out = out or FOLDER / f"{name}.onnx"
        with silenced():
            difference = onnx_graph.save(trained, name, out)
        print(f"{out}: {trained.scheme.points} points, at most {difference:.1g} px from torch")


@contextlib.contextmanager
def silenced() -> Iterator[None]:
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
    command(prog="python -m keypoints.export")
