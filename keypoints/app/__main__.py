"""Serve the page on this computer.

keypoints app --port 8080
keypoints app --weights models/landmarks.pt   # your own weights
"""

from __future__ import annotations

import argparse
import socket
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from keypoints import errors
from keypoints.errors import UserError

if TYPE_CHECKING:
    from keypoints.app.models import Models


def command(argv: Sequence[str] | None = None, prog: str = "keypoints app") -> None:
    from keypoints.predict.detectors import DEFAULT, DETECTORS

    parser = argparse.ArgumentParser(prog=prog, description=errors.summary(__doc__))
    parser.add_argument("--port", type=int, default=8000, help="of 127.0.0.1; 0: any that is free")
    parser.add_argument("--weights", help="your own, in the place of the models that come along")
    parser.add_argument("--detector", help=f"{', '.join(DETECTORS)}; by default {DEFAULT}")
    parser.add_argument("--detector-model", help="the file that yunet needs")
    parser.add_argument("--looks", type=int, default=1, metavar="N", help="at a face of 68 points, not live")
    args = parser.parse_args(argv)
    errors.run(main, args.port, args.weights, args.detector, args.detector_model, args.looks)


def main(
    port: int, weights: str | None, detector: str | None, detector_model: str | None, looks: int
) -> None:
    import uvicorn

    from keypoints.app.server import create

    models = offer(weights, detector, detector_model, looks)
    with listen(port) as server:
        print(f"http://127.0.0.1:{server.getsockname()[1]} shows the page; Ctrl-C ends it", flush=True)
        app = create(models)
        config = uvicorn.Config(app, log_level="warning", server_header=False, timeout_graceful_shutdown=3)
        uvicorn.Server(config).run(sockets=[server])


def offer(
    weights: str | None = None, detector: str | None = None, detector_model: str | None = None, looks: int = 1
) -> Models:
    """The models that the page offers: the shipped parts, or only these weights; the first one is loaded.

    Raises `UserError` as `Predictor` does.
    """
    from keypoints import pretrained
    from keypoints.app.models import Models, usable_detectors
    from keypoints.predict.detectors import DEFAULT
    from keypoints.predict.predictor import Predictor

    chosen, model = detector or DEFAULT, Path(detector_model) if detector_model else None

    def build(name: str, tta: bool, part: str = "landmarks") -> Predictor:
        threads = None if tta else 1  # live pictures leave the other cores to the browser
        often = looks if tta and part == "landmarks" else 1
        own = model if name == chosen else None
        return Predictor(
            part, weights, detector=name, detector_model=own, tta=tta, threads=threads, looks=often
        )

    parts = {part: partial(build, part=part) for part in pretrained.PARTS}
    models = Models({Path(weights).stem: build} if weights else parts, usable_detectors(chosen, model))
    models.get(next(iter(models.parts)), chosen, True)  # so that errors show at the start
    return models


def listen(port: int) -> socket.socket:
    """A socket on this computer's own address. Raises `UserError` where the port is taken."""
    try:
        server = socket.create_server(("127.0.0.1", port))
    except OverflowError:
        raise UserError(f"--port {port}: ports end at 65535") from None
    except OSError as error:
        raise UserError(f"--port {port}: {error.strerror}: name another") from None
    server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else an answer's end waits 40 ms
    return server


if __name__ == "__main__":
    command(prog="python -m keypoints.app")
