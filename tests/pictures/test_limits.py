"""Files of few bytes that ask for much work are refused by their headers."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from keypoints.pictures import images, limits


def jpeg(width: int = 64, height: int = 48, **options: object) -> bytes:
    file = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(file, "JPEG", **options)
    return file.getvalue()


def scan(data: bytes) -> bytes:
    """The last scan of a progressive JPEG: its marker, its header, its pixels."""
    return data[data.rindex(b"\xff\xda") : -2]


@given(st.integers(0, 30))
def test_scans_are_counted(more: int) -> None:
    whole = jpeg(progressive=True)
    usual = limits.count_scans(whole)
    assert 5 <= usual <= 12 and limits.count_scans(jpeg()) == 1
    assert limits.count_scans(whole[:-2] + more * scan(whole) + b"\xff\xd9") == usual + more


def test_scans_within_a_segment_and_after_the_end_do_not_count() -> None:
    """A thumbnail in EXIF, and the film that telephones append."""
    exif = Image.Exif()
    exif[0x927C] = 50 * b"\xff\xda\x00\x02"
    data = jpeg(exif=exif) + 50 * b"\xff\xda\x00\x02"
    assert data.count(b"\xff\xda") == 101 and limits.count_scans(data) == 1


def test_a_jpeg_of_many_scans_is_refused_by_its_header(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = jpeg(progressive=True)
    bomb = whole[:-2] + 40 * scan(whole) + b"\xff\xd9"
    monkeypatch.setattr(limits, "MAX_SCANNED", 64 * 48 * 30)
    assert images.decode(whole, 3).size == (64, 48)
    with pytest.raises(ValueError, match="more than 30 scans of 64 x 48 pixels"):
        images.decode(bomb, 3)


def tiff(count: int, big: bool) -> bytes:
    """A TIFF of 8 x 8 pixels that lists so many tiles of one pixel."""
    tags = [(256, 8), (257, 8), (258, 8), (259, 1), (262, 1), (277, 1), (322, 1), (323, 1)]
    start, entry, ends = (16, "<HHQQ", "<QQ") if big else (8, "<HHII", "<HI")
    place = start + struct.calcsize(ends) + (len(tags) + 2) * struct.calcsize(entry)
    entries = [struct.pack(entry, tag, 4, 1, value) for tag, value in tags]
    entries += [struct.pack(entry, 324 + i, 4, count, place + 4 * i * count) for i in range(2)]
    head = struct.pack("<2sHHHQ", b"II", 43, 8, 0, 16) if big else struct.pack("<2sHI", b"II", 42, 8)
    number, end = (
        struct.pack(f"<{kind}", value) for kind, value in zip(ends[1:], (len(entries), 0), strict=True)
    )
    return head + number + b"".join(entries) + end + struct.pack("<I", start) * 2 * count


@pytest.mark.parametrize("big", [False, True], ids=["TIFF", "BigTIFF"])
def test_a_tiff_of_many_tiles_is_refused_before_they_are_listed(big: bool, monkeypatch) -> None:
    monkeypatch.setattr(limits, "MAX_TILES", 64)
    assert images.open_header(tiff(64, big)).size == (8, 8)
    monkeypatch.setattr(Image, "open", None)
    with pytest.raises(ValueError, match="more than 64 tiles"):
        images.open_header(tiff(65, big))


def test_what_is_decoded_in_python_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    text = b"P3 8 8 255\n" + b"7 " * 192
    assert images.decode(text, 3).size == (8, 8)
    with pytest.raises(ValueError, match="more than 1000 comments"):
        images.decode(b"P3 8 8 255\n" + b"#\n" * 1001 + b"7 " * 192, 3)
    monkeypatch.setattr(limits, "MAX_IN_PYTHON", 100)
    with pytest.raises(ValueError, match="more than 100 bytes"):
        images.decode(text, 3)


def test_an_endless_file_is_no_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "MAX_BYTES", 10_000)
    with pytest.raises(ValueError, match="more than 10000 bytes"):
        images.open_picture("/dev/zero")
