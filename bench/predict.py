"""How fast points are found: per photograph and over a folder, beside other programs that are installed.

    python bench/predict.py [FOLDER]

Prints ratios, each in one run on one machine; without a folder the astronaut of scikit-image takes its place.
Detection and points on one core; peers are left out where they are not installed (dlib: pip install dlib-bin,
its detector alone).
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import skimage
from PIL import Image

from keypoints import Predictor, errors
from keypoints.images import ENDINGS, open_picture
from keypoints.predict.__main__ import in_order
from keypoints.reports import markdown
from keypoints.reports.box_study import grow

ROUNDS = 5
COPIES = 40  # of the astronaut, as a folder


def main(folder: Path | None) -> None:
    cv2.setNumThreads(1)
    images = list(pictures(folder))
    large = [np.asarray(grow(Image.fromarray(image))) for image in images[:20]]
    ours = Predictor(threads=1)
    base = seconds(ours, large)
    rows: list[list[markdown.Cell]] = [["keypoints", f"{1000 * base:.0f}", "1.00"]]
    quick = Predictor(threads=1, tta=False)
    candidates: dict[str, Callable[[np.ndarray], object]] = {
        "keypoints --no-tta": quick,
        "its detector alone": ours.detector,
        **peers(),
    }
    for name, call in candidates.items():
        other = seconds(call, large)
        rows.append([name, f"{1000 * other:.0f}", f"{other / base:.2f}"])
    print("\n".join(markdown.table(["1 megapixel, one core", "ms", "of keypoints' time"], rows)))
    alone = elapsed(lambda: [ours(image) for image in images])
    together = elapsed(lambda: [done.result() for done in in_order(ours, images)])
    cores = len(os.sched_getaffinity(0))
    print(f"\n{len(images)} photographs on {cores} cores: {alone / together:.2f} times one core's speed")


def pictures(folder: Path | None) -> Iterator[np.ndarray]:
    """The photographs of a folder, RGB."""
    if folder is None:
        yield from [skimage.data.astronaut()] * COPIES
        return
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in ENDINGS:
            yield np.asarray(open_picture(path))


def peers() -> dict[str, Callable[[np.ndarray], object]]:
    """Other programs, by what is installed."""
    found: dict[str, Callable[[np.ndarray], object]] = {}
    try:
        import dlib
    except ImportError:
        print("dlib is not installed: left out", file=sys.stderr)
    else:
        found["dlib's detector alone"] = dlib.get_frontal_face_detector()
    return found


def seconds(call: Callable[[np.ndarray], object], images: Sequence[np.ndarray]) -> float:
    """Per picture, the best of several rounds."""
    call(images[0])  # what loads at the first call
    return min(elapsed(lambda: [call(image) for image in images]) for _ in range(ROUNDS)) / len(images)


def elapsed(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


if __name__ == "__main__":
    errors.run(main, Path(sys.argv[1]) if len(sys.argv) > 1 else None)
