"""The `keypoints` command.

    keypoints photo.jpg …    points on photographs (`keypoints predict`; a file called app is ./app)
    keypoints app            a page on this computer: pictures in, points out
    keypoints inspect        what is in a folder of your own annotated faces, and what looks wrong
    keypoints label          annotations for your photographs, to correct in CVAT, labelme or imglab
    keypoints export         ONNX files, and models that MLflow serves
    keypoints summary        layers and parameters of the nets that conf/ describes

`keypoints COMMAND --help` lists the options of each.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

from keypoints import errors

COMMANDS = {
    "predict": "keypoints.predict.__main__",
    "app": "keypoints.app.__main__",
    "inspect": "keypoints.inspection.__main__",
    "label": "keypoints.predict.label",
    "export": "keypoints.export.__main__",
    "summary": "keypoints.summary",
}


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command that the first word names, or else `predict`."""
    words = list(sys.argv[1:] if argv is None else argv)
    if not words or words[0] in ("-h", "--help"):
        errors.run(show_help)
        return
    name = words.pop(0) if words[0] in COMMANDS else "predict"
    import_module(COMMANDS[name]).command(words, f"keypoints {name}")


def show_help() -> None:
    print((__doc__ or "").strip(), flush=True)


if __name__ == "__main__":
    main()
