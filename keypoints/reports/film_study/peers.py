"""What other programs see in a film, by a Python that has them: `make films` runs this for each.

    python peers.py mediapipe FRAMES.npy

FRAMES.npy: (frames, height, width, 3) uint8 RGB. Prints JSON: milliseconds per frame, and for each frame the
points of its faces. MediaPipe needs an environment of its own: 0.10.21 is the last that brings its nets.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

import numpy as np

FACES = 5  # at most in a frame
INNER = [  # of MediaPipe's 478 points, those that are nearest to iBUG's 51 of brows, nose, eyes and mouth
    *(70, 63, 105, 66, 107, 336, 296, 334, 293, 300),
    *(168, 197, 5, 4, 75, 97, 2, 326, 305),
    *(33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380),
    *(61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181),
    *(78, 82, 13, 312, 308, 317, 14, 87),
]
Points = list[list[float]]


def dlib() -> Callable[[np.ndarray], list[Points]]:
    """The middles of its HOG detector's boxes: its points' weights are in no package."""
    import dlib

    detect = dlib.get_frontal_face_detector()

    def look(frame: np.ndarray) -> list[Points]:
        return [[[box.center().x, box.center().y]] for box in detect(frame)]

    return look


def mediapipe() -> Callable[[np.ndarray], list[Points]]:
    """Its tracker's points, as it follows faces by default."""
    import mediapipe

    mesh = mediapipe.solutions.face_mesh.FaceMesh(max_num_faces=FACES, refine_landmarks=True)

    def look(frame: np.ndarray) -> list[Points]:
        height, width = frame.shape[:2]
        faces = mesh.process(frame).multi_face_landmarks or []
        return [
            [[f.landmark[i].x * width - 0.5, f.landmark[i].y * height - 0.5] for i in INNER] for f in faces
        ]

    return look


if __name__ == "__main__":
    see, frames = {"dlib": dlib, "mediapipe": mediapipe}[sys.argv[1]](), np.load(sys.argv[2])
    start = time.process_time()
    found = [see(frame) for frame in frames]
    seconds = time.process_time() - start
    print(json.dumps({"ms": 1000 * seconds / len(frames), "faces": found}))
