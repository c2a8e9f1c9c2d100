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

from keypoints import errors
from keypoints.errors import UserError


def command(argv: Sequence[str] | None = None, prog: str = "keypoints app") -> None:
    from keypoints.predict.detectors import DEFAULT, DETECTORS

    parser = argparse.ArgumentParser(prog=prog, description=errors.summary(__doc__))
    parser.add_argument("--port", type=int, default=8000, help="of 127.0.0.1; 0: any that is free")
    parser.add_argument("--weights", help="your own, in the place of the models that come along")
    parser.add_argument("--detector", help=f"{', '.join(DETECTORS)}; by default {DEFAULT}")
    parser.add_argument("--detector-model", help="the file that yunet needs")
    args = parser.parse_args(argv)
    errors.run(main, args.port, args.weights, args.detector, args.detector_model)


def main(port: int, weights: str | None, detector: str | None, detector_model: str | None) -> None:
    import uvicorn

    from keypoints import pretrained
    from keypoints.app.models import Models, usable_detectors
    from keypoints.app.server import create
    from keypoints.predict.detectors import DEFAULT
    from keypoints.predict.predictor import Predictor

    chosen, model = detector or DEFAULT, Path(detector_model) if detector_model else None

    def build(name: str, tta: bool, part: str = "landmarks") -> Predictor:
        threads = None if tta else 1  # live pictures leave the other cores to the browser
        own = model if name == chosen else None
        return Predictor(part, weights, detector=name, detector_model=own, tta=tta, threads=threads)

    parts = {part: partial(build, part=part) for part in pretrained.PARTS}
    models = Models({Path(weights).stem: build} if weights else parts, usable_detectors(chosen, model))
    if weights:
        models.get(Path(weights).stem, chosen, True)  # what is wrong with it is said now
    with listen(port) as server:
        print(f"http://127.0.0.1:{server.getsockname()[1]} shows the page; Ctrl-C ends it", flush=True)
        app = create(models)
        config = uvicorn.Config(app, log_level="warning", server_header=False, timeout_graceful_shutdown=3)
        uvicorn.Server(config).run(sockets=[server])


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
