"""How fast one program finds faces and points: what bench/predict.py runs for each, by a Python that has it.

    python bench/peers.py mediapipe PICTURES.npz

PICTURES.npz: arrays (H, W, 3) uint8 RGB. Prints milliseconds per picture, the best of several rounds.
MediaPipe needs an environment of its own: 0.10.21 is the last that brings its nets along, and takes NumPy 1.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence

import numpy as np

ROUNDS = 5
FACES = 10  # at most in a picture


def keypoints() -> Callable[[np.ndarray], object]:
    """Detector and 68 points, with all the looks that are needed."""
    from keypoints import Predictor

    return Predictor(threads=1)


def keypoints_no_tta() -> Callable[[np.ndarray], object]:
    """One look at each face."""
    from keypoints import Predictor

    return Predictor(threads=1, tta=False)


def keypoints_detector() -> Callable[[np.ndarray], object]:
    """The detector alone."""
    from keypoints import Predictor

    return Predictor(threads=1).detector


def dlib() -> Callable[[np.ndarray], object]:
    """Its HOG detector alone, without points."""
    import dlib

    return dlib.get_frontal_face_detector()


def mediapipe() -> Callable[[np.ndarray], object]:
    """Its detector and its 478 points."""
    import mediapipe

    mesh = mediapipe.solutions.face_mesh
    return mesh.FaceMesh(static_image_mode=True, max_num_faces=FACES, refine_landmarks=True).process


PEERS = {
    "keypoints": keypoints,
    "keypoints --no-tta": keypoints_no_tta,
    "its detector alone": keypoints_detector,
    "dlib": dlib,
    "mediapipe": mediapipe,
}


def measure(call: Callable[[np.ndarray], object], pictures: Sequence[np.ndarray]) -> float:
    """Milliseconds per picture."""
    call(pictures[0])  # what loads at the first call
    rounds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for picture in pictures:
            call(picture)
        rounds.append(time.perf_counter() - start)
    return 1000 * min(rounds) / len(pictures)


if __name__ == "__main__":
    print(measure(PEERS[sys.argv[1]](), list(np.load(sys.argv[2]).values())))
