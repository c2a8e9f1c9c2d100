"""Files of films that browsers play: H.264 and the sound of the original by PyAV, or else VP8 by OpenCV."""

from __future__ import annotations

import contextlib
import errno
import importlib.util
import math
import os
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

import numpy as np

if TYPE_CHECKING:
    from av import AudioFrame
    from av.container import OutputContainer
    from av.packet import Packet

Piece = TypeVar("Piece", "Packet", "AudioFrame")
TICKS = 90_000  # per second: what the times of H.264's frames are counted in
ENCODER = {"preset": "ultrafast", "crf": "20"}  # of H.264: a third of the time of "veryfast", twice its bytes
COPIED = {"aac", "mp3", "opus", "flac"}  # sound that browsers play in an MP4 file; other sound becomes AAC
RESTART = 0.2  # seconds by which time stamps go back at a restart of the clock; less is inaccuracy


class FilmFile(Protocol):
    def add(self, frame: np.ndarray, seconds: float) -> None:
        """A frame (H, W, 3) uint8 RGB, and when it is shown: later than the one before."""

    def close(self) -> None:
        """All frames are there."""


def ending() -> str:
    """The suffix of film files, by what is installed."""
    return ".mp4" if importlib.util.find_spec("av") else ".webm"


def create(path: Path, rate: float, size: tuple[int, int], sound: str | None) -> FilmFile:
    """A film file with this rate, frames per second, and size, pixels, and the sound of the film `sound`.

    `path` ends as `ending` says. Raises OSError where it cannot be written.
    """
    return Mp4(path, rate, size, sound) if path.suffix == ".mp4" else WebM(path, rate, size)


class WebM:
    """VP8 by OpenCV, without sound; all frames are shown for the same time."""

    def __init__(self, path: Path, rate: float, size: tuple[int, int]) -> None:
        import cv2

        self.path, self.frames = path, 0
        # It warns of every frame that a full disk does not take.
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)
        with without_errors():  # OpenCV says that WebM has no such tag, and takes the right codec
            self.made = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"VP80"), rate, size)
        if not self.made.isOpened():
            raise OSError(f"{path} cannot be written")

    def add(self, frame: np.ndarray, seconds: float) -> None:
        self.made.write(frame[..., ::-1])
        self.frames += 1

    def close(self) -> None:
        """Raises OSError where frames are missing: OpenCV says nothing of a full disk."""
        import cv2

        with without_errors():
            self.made.release()
            written = cv2.VideoCapture(str(self.path))
            if not all(written.grab() for _ in range(self.frames)):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))


@contextlib.contextmanager
def without_errors() -> Iterator[None]:
    """Within the block, hide what a library's C code writes to standard error."""
    try:
        kept = os.dup(2)
    except OSError:  # it is closed
        yield
        return
    with open(os.devnull, "w") as nothing:
        os.dup2(nothing.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)


class Mp4:
    """H.264 by PyAV, each frame shown at its time."""

    def __init__(self, path: Path, rate: float, size: tuple[int, int], sound: str | None) -> None:
        import av

        self.file = av.open(path, "w", options={"movflags": "faststart"})
        self.frames = self.file.add_stream("h264", Fraction(rate).limit_denominator(1001), ENCODER)
        self.frames.width, self.frames.height = (side + side % 2 for side in size)  # even, as H.264 needs
        self.frames.pix_fmt = "yuv420p"
        self.frames.time_base = self.frames.codec_context.time_base = Fraction(1, TICKS)
        self.sound = Sound(sound, self.file) if sound else None
        self.file.start_encoding()  # raises where nothing can be written
        self.pause = 1 / rate
        self.end = 0.0  # seconds

    def add(self, frame: np.ndarray, seconds: float) -> None:
        import av

        height, width = frame.shape[:2]
        even = np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), "edge")
        picture = av.VideoFrame.from_ndarray(even, format="rgb24")
        picture.pts, picture.time_base = round(seconds * TICKS), Fraction(1, TICKS)
        self.file.mux(self.frames.encode(picture))
        self.end = seconds + self.pause
        if self.sound:
            self.sound.copy(self.end)

    def close(self) -> None:
        self.file.mux(self.frames.encode())
        self.file.close()


class Sound:
    """Copies the first sound track of a film to another. What cannot be read of it is left out."""

    def __init__(self, source: str, target: OutputContainer) -> None:
        self.target = target
        self.packets = read_sound(source, target)
        self.next = next(self.packets, None)  # at once: a file's streams are known before its frames

    def copy(self, seconds: float) -> None:
        """Copy all packets before this time; stops for good at one that the target does not accept."""
        import av

        try:
            while self.next and start(self.next) < seconds:
                self.target.mux(self.next)
                self.next = next(self.packets, None)
        except av.FFmpegError:
            self.next = None


def start(packet: Packet) -> float:
    """Seconds from a film's beginning."""
    return float((packet.dts or 0) * (packet.time_base or 0))


def read_sound(source: str, target: OutputContainer) -> Iterator[Packet]:
    """Packets of a new stream of `target`, copied or as AAC, in order; time 0 is the start of the picture."""
    import av

    with contextlib.suppress(av.FFmpegError), av.open(source) as film:
        begin = sum((seen.start_time or 0) * (seen.time_base or 0) for seen in film.streams.video[:1])
        for heard in film.streams.audio[:1]:
            if getattr(heard, "codec_context", None) is None:  # no decoder is installed for it
                continue
            shift = round(begin / (heard.time_base or 1))
            if heard.codec_context.codec.canonical_name in COPIED:
                copied = target.add_stream_from_template(heard)
                for packet in forward(film.demux(heard), shift):
                    packet.stream = copied
                    yield packet
            else:
                made = target.add_stream("aac", heard.rate)
                for frame in forward(film.decode(heard), shift):
                    yield from made.encode(frame)
                yield from made.encode()


def forward(pieces: Iterable[Piece], shift: int) -> Iterator[Piece]:
    """The pieces, `shift` ticks earlier, without those that end before 0 or do not move forward in time.

    Where films were concatenated, the clock restarts: the next film's pieces follow the last one's, as
    OpenCV's frames do. The piece that ends at 0 is kept because decoders need it.
    """
    last = -math.inf
    end = 0
    for piece in pieces:
        if piece.pts is None:  # a film's last packet only says that it is over
            continue
        if (last - piece.pts + shift) * (piece.time_base or 1) > RESTART:
            shift = piece.pts - end
        piece.pts -= shift
        piece.dts = piece.pts  # as always of sound
        if piece.pts > last and piece.pts + (piece.duration or 0) >= 0:
            last, end = piece.pts, piece.pts + (piece.duration or 1)
            yield piece
