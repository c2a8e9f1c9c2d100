"""How fast points are found: per photograph and over a folder, beside dlib and MediaPipe.

    python bench/predict.py [FOLDER] [--python PYTHON]

Prints ratios, each in one run on one machine; without a folder the astronaut of scikit-image takes its place.
Detection and points on one core. The others are left out where PYTHON, another environment's or this one,
does not have them: see bench/peers.py.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path

import cv2
import numpy as np
import skimage
from PIL import Image

from keypoints import Predictor, errors
from keypoints.pictures.images import ENDINGS, open_picture
from keypoints.reports import markdown
from keypoints.reports.box_study.photographs import grow
from keypoints.system.parallel import cores, in_order

OURS = ("keypoints", "keypoints --no-tta", "its detector alone")
OTHERS = ("dlib", "mediapipe")
MANY = 500  # photographs of a folder: with few, the threads' own start counts


def main(folder: Path | None, python: str) -> None:
    images = list(pictures(folder))
    large = [np.asarray(grow(Image.fromarray(image))) for image in islice(cycle(images), 20)]
    many = list(islice(cycle(images), max(MANY, len(images))))
    times = measure(large, sys.executable, OURS) | measure(large, python, OTHERS)
    base = times["keypoints"]
    rows: list[list[markdown.Cell]] = [[n, f"{t:.1f}", f"{t / base:.2f}"] for n, t in times.items()]
    print("\n".join(markdown.table(["1 megapixel, one core", "ms", "of keypoints' time"], rows)))
    ours = Predictor(threads=1)
    cv2.setNumThreads(1)
    alone = elapsed(lambda: [ours(image) for image in many])
    together = elapsed(lambda: [done.result() for done in in_order(ours, many)])
    print(f"\n{len(many)} photographs, {len(images)} of them different, on {cores()} cores: ", end="")
    print(f"{alone / together:.2f} times one core's speed")


def measure(images: Sequence[np.ndarray], python: str, names: Sequence[str]) -> dict[str, float]:
    """Milliseconds per picture of those programs that `python` has, each on one core."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "pictures.npz"
        np.savez(file, *images)
        for name in names:
            command = [python, str(Path(__file__).with_name("peers.py")), name, str(file)]
            done = subprocess.run(["taskset", "-c", "0", *command], capture_output=True, text=True)
            if done.returncode:
                print(f"{python} has no {name}: left out", file=sys.stderr)
            else:
                found[name] = float(done.stdout)
    return found


def pictures(folder: Path | None) -> Iterator[np.ndarray]:
    """The photographs of a folder, RGB."""
    if folder is None:
        yield skimage.data.astronaut()
        return
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in ENDINGS:
            yield np.asarray(open_picture(path))


def elapsed(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=errors.summary(__doc__))
    parser.add_argument("folder", type=Path, nargs="?", help="photographs")
    parser.add_argument("--python", default=sys.executable, help="an interpreter that has dlib or MediaPipe")
    args = parser.parse_args()
    errors.run(main, args.folder, args.python)
