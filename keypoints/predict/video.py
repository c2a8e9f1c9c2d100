"""A film or a camera, face by face, with a light smoothing over time."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Self

import numpy as np
from PIL import Image

from keypoints import files
from keypoints.errors import UserError
from keypoints.landmarks import Scheme
from keypoints.predict import annotation
from keypoints.predict.following import Followed, Follower
from keypoints.predict.predictor import Face, Predictor
from keypoints.predict.writers import Facts, Writer

FACTS = ("frame", "time", "number")  # of each face: from 0, in seconds, from 1

STILL = 0.01  # of the box's side: a point that moves less in a frame trembles, and is held back
HELD = 0.75  # how much of the former place such a point keeps


class Smoother:
    """Holds back trembling and lets movement through: a point that moves far goes at once.

    A one-euro filter in small (Casiez et al., 2012): what a point keeps of its former place falls with
    its speed.
    """

    def __init__(self) -> None:
        self.former: dict[int, Face] = {}

    def __call__(self, faces: Sequence[Followed]) -> list[Face]:
        """The faces of the next frame, smoothed."""
        self.former = {each.number: self._smooth(each) for each in faces}
        return list(self.former.values())

    def _smooth(self, followed: Followed) -> Face:
        face, same = followed.face, self.former.get(followed.number)
        if same is None:
            return face
        moved = np.linalg.norm(face.points - same.points, axis=-1, keepdims=True)
        kept = HELD / (1 + (moved / (STILL * face.box[2])) ** 2)
        return replace(face, points=kept * same.points + (1 - kept) * face.points)


class Source:
    """A film, or the camera of this number, opened. Raises `UserError` for what cannot be read.

    rate: frames per second, as they can be written
    size: width and height, pixels
    """

    def __init__(self, name: str) -> None:
        import cv2

        self.name = name
        self.video = cv2.VideoCapture(int(name) if name.isdigit() else name)
        if not self.video.isOpened():
            raise UserError(f"--video {name}: cannot be read: name a film, or a camera's number")
        self.rate = writable_rate(self.video.get(cv2.CAP_PROP_FPS))
        self.size = (
            int(self.video.get(cv2.CAP_PROP_FRAME_WIDTH)),
            int(self.video.get(cv2.CAP_PROP_FRAME_HEIGHT)),
        )

    def __iter__(self) -> Iterator[tuple[float, np.ndarray]]:
        """Seconds from the start, and a frame (H, W, 3) uint8 BGR; with a progress bar."""
        import cv2
        from tqdm import tqdm

        total = int(self.video.get(cv2.CAP_PROP_FRAME_COUNT))
        with tqdm(total=total if total > 0 else None, unit="frame", disable=None, leave=False) as bar:
            while (frame := self.video.read()[1]) is not None:
                yield self.video.get(cv2.CAP_PROP_POS_MSEC) / 1000, frame
                bar.update()


class Film(ExitStack):
    """A film with boxes, outlines and points, or with an overlay on every face: `folder`/<name>_points.mp4.

    It is there when the block has ended without an error. Raises `UserError` where it cannot be written.
    """

    def __init__(self, folder: Path, source: Source, scheme: Scheme, overlay: str | None) -> None:
        super().__init__()
        name = f"camera {source.name}" if source.name.isdigit() else Path(source.name).stem
        self.path = folder / f"{name}_points.mp4"
        self.rate, self.size = source.rate, source.size
        self.scheme, self.overlay = scheme, overlay

    def __enter__(self) -> Self:
        import cv2

        part = self.enter_context(files.whole(self.path))
        self.made = cv2.VideoWriter(str(part), cv2.VideoWriter_fourcc(*"mp4v"), self.rate, self.size)
        self.callback(self.made.release)
        if not self.made.isOpened():
            self.__exit__(UserError, None, None)
            raise UserError(f"{self.path} cannot be written: choose another --out")
        return self

    def write(
        self, name: str, image: Image.Image, faces: Sequence[Face], facts: Sequence[Facts] = ()
    ) -> None:
        drawn = annotation.draw(image, faces, self.scheme, self.overlay)
        self.made.write(np.asarray(drawn)[..., ::-1])


def annotate(predictor: Predictor, source: Source, writers: Sequence[Writer]) -> None:
    """Give the faces of every frame to the writers, until the film or Ctrl-C ends it.

    Raises `UserError` for a film without frames.
    """
    follow, smooth, frame = Follower(predictor, source.rate), Smoother(), -1
    try:
        for frame, (seconds, pixels) in enumerate(source):
            image = Image.fromarray(pixels[..., ::-1])
            seen = follow(image)
            faces = smooth(seen)
            facts = [dict(zip(FACTS, (frame, round(seconds, 3), each.number), strict=True)) for each in seen]
            for writer in writers:
                writer.write(source.name, image, faces, facts)
    except KeyboardInterrupt:
        print("stopped; the film ends here", file=sys.stderr)
    if frame < 0:
        raise UserError(f"--video {source.name}: no frame of it can be read: name another film")


def writable_rate(rate: float) -> float:
    """Frames per second that MPEG-4 can say, whose numerator has 16 bits; 25 where a film does not say."""
    if not 1 <= rate <= 240:
        return 25.0
    return round(rate, 3) if 1000 * rate < 2**16 else round(rate, 2)
