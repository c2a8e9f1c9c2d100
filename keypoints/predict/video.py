"""A film or a camera, face by face, with a light smoothing over time."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from keypoints.crops import overlap
from keypoints.errors import UserError
from keypoints.predict import annotation
from keypoints.predict.predictor import Face, Predictor

if TYPE_CHECKING:
    import cv2

SAME = 0.3  # boxes of one face on two frames share at least so much (intersection over union)
STILL = 0.01  # of the box's side: a point that moves less in a frame trembles, and is held back
HELD = 0.75  # how much of the former place such a point keeps


class Smoother:
    """Holds back trembling and lets movement through: a point that moves far goes at once.

    A one-euro filter in small (Casiez et al., 2012): what a point keeps of its former place falls with
    its speed.
    """

    def __init__(self) -> None:
        self.former: list[Face] = []

    def __call__(self, faces: Sequence[Face]) -> list[Face]:
        """The faces of the next frame, smoothed."""
        self.former = [self._smooth(face) for face in faces]
        return self.former

    def _smooth(self, face: Face) -> Face:
        same = max(self.former, key=lambda other: overlap(face.box, other.box), default=None)
        if same is None or overlap(face.box, same.box) < SAME:
            return face
        moved = np.linalg.norm(face.points - same.points, axis=-1, keepdims=True)
        kept = HELD / (1 + (moved / (STILL * face.box[2])) ** 2)
        return replace(face, points=kept * same.points + (1 - kept) * face.points)


def annotate_film(predictor: Predictor, source: str, out: Path, overlay: str | None = None) -> None:
    """Draw on every frame of a film, or of the camera of this number until Ctrl-C: `out`/<name>_points.mp4.

    Raises `UserError` for a film that cannot be read or written.
    """
    import cv2

    read = cv2.VideoCapture(int(source) if source.isdigit() else source)
    if not read.isOpened():
        raise UserError(f"--video {source}: cannot be read: name a film, or a camera's number")
    name = f"{f'camera {source}' if source.isdigit() else Path(source).stem}_points"
    out.mkdir(parents=True, exist_ok=True)
    path, part = out / f"{name}.mp4", out / f".{name}.part.mp4"
    size = int(read.get(cv2.CAP_PROP_FRAME_WIDTH)), int(read.get(cv2.CAP_PROP_FRAME_HEIGHT))
    rate = writable_rate(read.get(cv2.CAP_PROP_FPS))
    made = cv2.VideoWriter(str(part), cv2.VideoWriter_fourcc(*"mp4v"), rate, size)
    smooth = Smoother()
    try:
        for frame in frames(read):
            image = Image.fromarray(frame[..., ::-1])
            faces = smooth(predictor(image))
            drawn = annotation.draw(image, faces, predictor.scheme, overlay)
            made.write(np.asarray(drawn)[..., ::-1])
    except KeyboardInterrupt:
        print("stopped; the film ends here", file=sys.stderr)
    finally:
        made.release()
        read.release()
    if not part.exists():
        raise UserError(f"{path} cannot be written: choose another --out")
    part.replace(path)
    print(path, file=sys.stderr)


def writable_rate(rate: float) -> float:
    """Frames per second that MPEG-4 can say, whose numerator has 16 bits; 25 where a film does not say."""
    if not 1 <= rate <= 240:
        return 25.0
    return round(rate, 3) if 1000 * rate < 2**16 else round(rate, 2)


def frames(video: cv2.VideoCapture) -> Iterator[np.ndarray]:
    """The frames (H, W, 3) uint8 BGR, with a progress bar."""
    import cv2
    from tqdm import tqdm

    total = int(video.get(cv2.CAP_PROP_FRAME_COUNT))
    with tqdm(total=total if total > 0 else None, unit="frame", disable=None, leave=False) as bar:
        while (frame := video.read()[1]) is not None:
            yield frame
            bar.update()
