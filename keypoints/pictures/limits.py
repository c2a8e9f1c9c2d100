"""Limits of pictures: their pixels, and the work that a small hostile file may cause.

Decoders obey such files: thousands of scans over one JPEG, a TIFF with a tile for each pixel, numbers as
text. All of this shows in the headers, before anything is decoded. Every check here raises ValueError.
"""

from __future__ import annotations

import io
import re

from PIL import Image, TiffImagePlugin

MAX_PIXELS = 100_000_000  # a larger picture is refused before it is decoded
MAX_SIDE = 65_535  # and a longer one
MAX_BYTES = 2**30  # of a file: MAX_PIXELS with 16 bits and three channels need less
MAX_SCANNED = 2_000_000_000  # pixels in all scans of a JPEG together; usual files have up to 12 scans
MAX_TILES = 2**17  # tiles or strips of a TIFF
MAX_IN_PYTHON = 2**23  # bytes for Pillow's decoders that are written in Python
MAX_COMMENTS = 1_000  # of a PPM in text, each of which is cut out of the whole

_IN_PYTHON = ("ppm_plain", "bmp_rle")
_MARKER = re.compile(rb"\xff+([^\x00\xff])")  # of a JPEG; between coded pixels, FF is followed by 00
_ALONE = {0x01, *range(0xD0, 0xD9)}  # markers that no length follows
_SCAN, _END = 0xDA, 0xD9


def check_size(width: int, height: int) -> None:
    if not width or not height:
        raise ValueError("it has no pixels")
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise ValueError(f"{width} x {height} pixels are too many")


def check_tiles(data: bytes) -> None:
    """Check the first directory of what may be a TIFF, before Pillow lists all its tiles by opening it."""
    if data[:4] not in TiffImagePlugin.PREFIXES:
        return
    big = 43 in data[2:4]
    directory = TiffImagePlugin.ImageFileDirectory_v2(data[: 16 if big else 8])
    file = io.BytesIO(data)
    file.seek(directory.next)
    directory.load(file)
    for tag in (TiffImagePlugin.STRIPOFFSETS, TiffImagePlugin.TILEOFFSETS):
        if len(directory.get(tag, ())) > MAX_TILES:
            raise ValueError(f"it has more than {MAX_TILES} tiles")


def check_work(image: Image.Image, data: bytes) -> None:
    """Check a picture that is opened but not decoded yet; `data` are its file's bytes."""
    check_size(*image.size)
    if image.format in ("JPEG", "MPO"):
        most = MAX_SCANNED // (image.width * image.height)
        if data.count(b"\xff\xda") > most and count_scans(data) > most:  # the first is quick, and too many
            raise ValueError(f"more than {most} scans of {image.width} x {image.height} pixels are too many")
    codecs = {tile[0] for tile in getattr(image, "tile", ())}
    if codecs.intersection(_IN_PYTHON) and len(data) > MAX_IN_PYTHON:
        raise ValueError(f"more than {MAX_IN_PYTHON} bytes are too many for this kind of {image.format}")
    if "ppm_plain" in codecs and data.count(b"#") > MAX_COMMENTS:
        raise ValueError(f"it has more than {MAX_COMMENTS} comments")


def count_scans(data: bytes) -> int:
    """The number of scans of a JPEG, each over all pixels; without those of embedded pictures."""
    scans, place = 0, 2
    while found := _MARKER.search(data, place):
        marker, place = found[1][0], found.end()
        if marker == _END:
            break
        scans += marker == _SCAN
        if marker not in _ALONE:
            place += max(2, int.from_bytes(data[place : place + 2], "big"))
    return scans
