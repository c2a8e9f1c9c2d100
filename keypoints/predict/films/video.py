"""The faces of a film or a camera: frames are read, searched, drawn and written in parallel."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import numpy as np
from PIL import Image

from keypoints import files
from keypoints.errors import UserError
from keypoints.landmarks import Scheme
from keypoints.predict import annotation
from keypoints.predict.faces.face import Face
from keypoints.predict.films import film_files
from keypoints.predict.films.blinks import Blinks
from keypoints.predict.films.following import Follower
from keypoints.predict.films.smoothing import Smoother
from keypoints.predict.predictor import Predictor
from keypoints.predict.writers import Facts, Writer
from keypoints.system.parallel import Behind, ahead

FACTS = ("frame", "time", "number")  # of each face: counted from 0, in seconds, counted from 1
AHEAD = 4  # frames that are read in advance, and as many that wait to be drawn


class Source:
    """An open film, or the camera with this number. Raises `UserError` for what cannot be read.

    rate: frames per second, rounded so that a film can have it
    size: width and height, pixels
    """

    def __init__(self, name: str) -> None:
        import cv2

        self.name = name
        self.is_camera = name.isdecimal() and len(name) < 4
        with film_files.without_errors():  # OpenCV's, of which the next line tells in one
            self.video = cv2.VideoCapture(int(name) if self.is_camera else name)
        if not self.video.isOpened():
            raise UserError(f"--video {name}: cannot be read: name a film, or a camera's number")
        self.rate = writable_rate(self.video.get(cv2.CAP_PROP_FPS))
        self.size = (
            int(self.video.get(cv2.CAP_PROP_FRAME_WIDTH)),
            int(self.video.get(cv2.CAP_PROP_FRAME_HEIGHT)),
        )
        self.frames = max(0, int(self.video.get(cv2.CAP_PROP_FRAME_COUNT)))  # 0: unknown

    def __iter__(self) -> Iterator[tuple[float, Image.Image]]:
        """Seconds from the start, strictly increasing, and a frame of mode RGB."""
        import cv2

        last = -1 / self.rate
        while (frame := self.video.read()[1]) is not None:
            seconds = self.video.get(cv2.CAP_PROP_POS_MSEC) / 1000
            last = seconds if seconds > last else last + 1 / self.rate
            yield last, Image.fromarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB))


class Film(ExitStack):
    """A film with boxes, outlines and points, or with an overlay on every face: `folder`/<name>_points.

    It appears when the block ends without an error. Raises `UserError` where it cannot be written.
    """

    def __init__(self, folder: Path, source: Source, scheme: Scheme, overlay: str | None) -> None:
        super().__init__()
        annotation.check(overlay, scheme)
        name = f"camera {source.name}" if source.is_camera else Path(source.name).stem
        self.path = folder / f"{name}_points{film_files.ending()}"
        self.source, self.scheme, self.overlay = source, scheme, overlay

    def __enter__(self) -> Self:
        part = self.enter_context(files.whole(self.path))
        sound = self.source.name if Path(self.source.name).is_file() else None
        try:
            self.made = film_files.create(part, self.source.rate, self.source.size, sound)
        except (OSError, LookupError, ValueError):  # PyAV's errors are of all three kinds
            self.__exit__(UserError, None, None)
            raise UserError(f"{self.path} cannot be written: choose another --out") from None
        self.callback(self.made.close)
        self.behind = self.enter_context(Behind(AHEAD))
        return self

    def add(self, image: Image.Image, faces: Sequence[Face], seconds: float) -> None:
        """A frame of mode RGB, what was found in it, and when it is shown."""
        self.behind.call(self._draw, image, faces, seconds)

    def _draw(self, image: Image.Image, faces: Sequence[Face], seconds: float) -> None:
        self.made.add(np.asarray(annotation.draw(image, faces, self.scheme, self.overlay)), seconds)


def watch(
    predictor: Predictor, source: Source
) -> Iterator[tuple[float, Image.Image, list[Face], list[Facts]]]:
    """For each frame: its time, the frame, its smoothed faces, and their FACTS; with a progress bar."""
    from tqdm import tqdm

    follow, smooth, count_blinks = Follower(predictor, source.rate), Smoother(), Blinks(source.rate)
    with tqdm(total=source.frames or None, unit="frame", disable=None, leave=False) as bar:
        for frame, (seconds, image) in enumerate(ahead(source, AHEAD)):
            seen = follow(image)
            faces = count_blinks(seen, smooth(seen, seconds))
            facts = (dict(zip(FACTS, (frame, round(seconds, 3), each.number), strict=True)) for each in seen)
            yield seconds, image, faces, list(facts)
            bar.update()


def annotate(
    predictor: Predictor, source: Source, writers: Sequence[Writer], film: Film | None = None
) -> None:
    """Give the faces of every frame to the writers and the film, until the source or Ctrl-C ends it.

    Raises `UserError` for a film without frames.
    """
    frames = 0
    try:
        for seconds, image, faces, facts in watch(predictor, source):
            for writer in writers:
                writer.write(source.name, image, faces, facts)
            if film:
                film.add(image, faces, seconds)
            frames += 1
    except KeyboardInterrupt:
        print("stopped; the film ends here", file=sys.stderr)
    if not frames:
        raise UserError(f"--video {source.name}: no frame of it can be read: name another film")


def writable_rate(rate: float) -> float:
    """A rate, frames per second, that a film file can have; 25 where the source gives none."""
    return round(rate, 3) if 1 <= rate <= 240 else 25.0
