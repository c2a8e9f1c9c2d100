"""Serve the page on this computer: `make app`, or

python -m keypoints.app --port 8080
python -m keypoints.app --weights models/landmarks.pt   # a model of one's own
"""

from __future__ import annotations

import argparse
import socket
from functools import partial
from pathlib import Path

from keypoints import errors
from keypoints.errors import UserError


def main(port: int, weights: str | None, detector: str, detector_model: str | None) -> None:
    import uvicorn

    from keypoints import app, shipped
    from keypoints.predictor import Predictor

    build = partial(Predictor, detector=detector, detector_model=detector_model)
    if weights:
        own = build(weights=weights)
        predictors = {Path(weights).stem: lambda: own}
    else:
        predictors = {part: partial(build, part) for part in shipped.PARTS}
    with listen(port) as server:
        print(f"http://127.0.0.1:{server.getsockname()[1]} shows the page; Ctrl-C ends it", flush=True)
        config = uvicorn.Config(app.create(predictors), log_level="warning", server_header=False)
        uvicorn.Server(config).run(sockets=[server])


def listen(port: int) -> socket.socket:
    """A socket on this computer's own address. Raises `UserError` where the port is taken."""
    try:
        return socket.create_server(("127.0.0.1", port))
    except OverflowError:
        raise UserError(f"--port {port}: ports end at 65535") from None
    except OSError as error:
        raise UserError(f"--port {port}: {error.strerror}: name another") from None


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m keypoints.app", description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=8000, help="of 127.0.0.1; 0: any that is free")
    parser.add_argument("--weights", help="a file of your own, in the place of the models that come along")
    parser.add_argument("--detector", default="haar", help="haar (default), dlib, yunet, whole")
    parser.add_argument("--detector-model", help="the file that yunet wants")
    args = parser.parse_args()
    errors.run(main, args.port, args.weights, args.detector, args.detector_model)
