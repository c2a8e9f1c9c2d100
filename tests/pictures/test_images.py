"""Pictures of any kind become grey or RGB; what is no picture is refused in words."""

from __future__ import annotations

import io
import struct
import sys
import types
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image

from keypoints.datasets import face_table
from keypoints.pictures import images, limits

# Smooth, so that JPEG hardly changes it: red grows to the right, green downwards.
SCENE = np.stack(np.broadcast_arrays(np.arange(60) * 4, np.arange(40)[:, None] * 6, 90), -1).astype(np.uint8)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def scene(mode: str) -> Image.Image:
    return Image.fromarray(SCENE).convert(mode)


GREY = np.asarray(Image.fromarray(SCENE).convert("L"))


@pytest.mark.parametrize(
    "mode, kind, off",
    [("L", "PNG", 0), ("RGB", "PNG", 0), ("RGBA", "PNG", 0), ("RGB", "BMP", 0), ("RGB", "JPEG", 12)]
    + [("L", "JPEG", 3), ("CMYK", "JPEG", 12), ("P", "PNG", 60), ("LA", "PNG", 0), ("LAB", "TIFF", 40)],
)
@pytest.mark.parametrize("channels", [1, 3])
def test_any_kind_becomes_the_wished_channels(mode: str, kind: str, off: int, channels: int) -> None:
    made = images.decode(encoded(scene(mode), kind), channels)
    assert made.mode == {1: "L", 3: "RGB"}[channels]
    expected = GREY if channels == 1 else np.stack([GREY] * 3, -1) if mode in ("L", "LA") else SCENE
    assert abs(np.asarray(made).astype(int) - expected).max() <= off


def test_alpha_is_dropped_not_blended() -> None:
    clear = scene("RGBA")
    clear.putalpha(0)
    np.testing.assert_array_equal(np.asarray(images.decode(encoded(clear, "PNG"), 3)), SCENE)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_are_scaled_not_clipped(kind: str) -> None:
    deep = (np.arange(64 * 64).reshape(64, 64) * 16).astype(np.uint16)
    made = images.decode(encoded(Image.fromarray(deep), kind), 1)
    assert abs(np.asarray(made) - deep / 256).max() <= 1


def test_the_content_decides_not_the_name() -> None:
    """`decode` sees no name at all: PNG bytes, as in YouTube Faces' `.jpg` files, are a PNG."""
    png, jpg = encoded(scene("RGBA"), "PNG"), encoded(scene("RGB"), "JPEG")
    assert images.decode(png, 3).size == images.decode(jpg, 3).size == (60, 40)


def header_only(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds no pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    ihdr = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", ihdr) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("width, height", [(limits.MAX_PIXELS + 1, 1), (10_001, 10_000), (60_000, 60_000)])
def test_a_bomb_is_refused_by_its_header(width: int, height: int) -> None:
    with pytest.raises(ValueError, match=r"too many|exceeds limit"):
        images.decode(header_only(width, height), 1)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"a line of text\n" * 30, id="text"),
        pytest.param(b"<html><body>404</body></html>", id="page"),
        pytest.param(encoded(scene("RGB"), "JPEG")[:-200], id="jpeg cut short"),
        pytest.param(encoded(scene("RGB"), "PNG")[:-80], id="png cut short"),
        pytest.param(encoded(scene("RGB"), "PNG")[:20], id="header cut short"),
        pytest.param(header_only(60, 40), id="no pixels"),
    ],
)
def test_what_is_no_whole_picture_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"not a whole picture: .*[a-z]") as caught:
        images.decode(data, 3)
    assert "\n" not in str(caught.value)


def test_heic_is_read_through_pillow_heif_or_named(monkeypatch):
    data = b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic" + bytes(100)
    monkeypatch.setattr(images.importlib.util, "find_spec", lambda name: None)
    for read in (lambda: images.decode(data, 3), lambda: images.decode_small(data, 8)):
        with pytest.raises(ValueError, match=r"HEIC .* pip install pillow-heif"):
            read()
    known = types.ModuleType("pillow_heif")
    known.register_heif_opener = lambda: Image.register_open(
        "HEIF", lambda file, name: scene("RGB"), lambda prefix: prefix[4:8] == b"ftyp"
    )
    monkeypatch.setitem(sys.modules, "pillow_heif", known)
    monkeypatch.setattr(images.importlib.util, "find_spec", lambda name: known)
    monkeypatch.setattr(Image, "OPEN", dict(Image.OPEN))
    assert images.decode(data, 3).size == images.decode_small(data, 8).size == (60, 40)


WHOLE = {kind: encoded(scene("RGB"), kind) for kind in ("JPEG", "PNG", "BMP", "GIF", "TIFF", "WEBP")}


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@settings(max_examples=120, deadline=None)
@given(st.sampled_from(sorted(WHOLE)), st.data())
def test_damage_raises_nothing_but_value_errors(kind: str, data: st.DataObject) -> None:
    damaged = bytearray(WHOLE[kind])
    for place in data.draw(st.lists(st.integers(0, len(damaged) - 1), min_size=1, max_size=6)):
        damaged[place] = data.draw(st.integers(0, 255))
    try:
        made = images.decode(bytes(damaged), 1)
    except ValueError:
        return
    assert made.mode == "L"


def arrays() -> dict[str, np.ndarray]:
    """The same grey scene as every kind of array that is taken."""
    deep = GREY.astype(np.uint16) * 257
    return {
        "uint8": GREY,
        "one channel": GREY[..., None],
        "uint16": deep,
        "uint16 big-endian": deep.astype(">u2"),
        "float": GREY / 255,
        "float32": (GREY / 255).astype(np.float32),
        "three": np.stack([GREY] * 3, -1),
        "four": np.stack([GREY] * 3 + [GREY * 0], -1),
        "turned view": np.ascontiguousarray(GREY.T).T,
    }


@pytest.mark.parametrize("kind", arrays())
def test_every_kind_of_array_is_the_same_picture(kind: str) -> None:
    made = images.open_picture(arrays()[kind])
    assert made.mode == "RGB"
    np.testing.assert_array_equal(np.asarray(made)[..., 0], GREY)


@given(
    st.sampled_from(["i1", "<i2", ">i2", "i4", ">u4", "i8", "u8"]),
    st.lists(st.integers(0, 255), min_size=1, max_size=6) | st.lists(st.integers(0, 2**16 - 1), min_size=1),
)
def test_numbers_mean_the_same_in_every_integer_type(kind: str, numbers: list[int]) -> None:
    """As uint8 where they fit into it, else as uint16."""
    if max(numbers) > np.iinfo(kind).max:
        return
    usual = np.array(numbers, np.uint8 if max(numbers) < 256 else np.uint16)
    made = images.to_8_bits(np.array(numbers, kind))
    np.testing.assert_array_equal(made, images.to_8_bits(usual))
    assert made.dtype == np.uint8


@pytest.mark.parametrize("kind", ["<u2", ">u2"])
def test_a_dark_picture_of_16_bits_stays_dark(kind: str) -> None:
    assert images.to_8_bits(np.array([[0, 200, 255]], kind)).max() == 0


def test_a_nested_list_and_pillows_whole_numbers_are_no_black_picture() -> None:
    for picture in (np.array(SCENE.tolist()), Image.fromarray(GREY.astype(np.int32))):
        np.testing.assert_array_equal(np.asarray(images.open_picture(picture).convert("L")), GREY)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "LA", "P", "CMYK", "I;16", "I;16B", "I", "F", "1"])
def test_every_way_in_gives_the_same(mode: str, tmp_path) -> None:
    """A path, bytes, a file and a Pillow image of one file are one picture."""
    if mode in ("I;16", "I;16B", "I"):
        deep = GREY.astype({"I;16": "<u2", "I;16B": ">u2", "I": np.int32}[mode]) * 257
        image = Image.fromarray(deep)
    elif mode == "F":
        image = Image.fromarray((GREY / 255).astype(np.float32))
    else:
        image = scene(mode)
    path = tmp_path / "picture.tif"
    image.save(path)
    with open(path, "rb") as file:
        ways = [path, str(path), path.read_bytes(), file, Image.open(path)]
        made = [np.asarray(images.open_picture(way)) for way in ways]
    for other in made[1:]:
        np.testing.assert_array_equal(other, made[0])
    assert made[0].std() > 20  # neither black nor clipped


def test_orientation_counts_for_pillow_images_too() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded(scene("RGB"), "JPEG", exif=exif)
    ways = data, Image.open(io.BytesIO(data)), io.BytesIO(data)
    assert {images.open_picture(way).size for way in ways} == {(40, 60)}


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((0, 5, 3), np.uint8),
        np.zeros((5, 5, 2), np.uint8),
        np.zeros(7, np.uint8),
        np.full((4, 4), 2.0),
        np.full((4, 4), np.nan),
        np.full((4, 4), -1),
        np.full((4, 4), 1j),
        np.array([["a", "b"]]),
        Image.new("RGB", (0, 3)),
        7,
        None,
    ],
    ids=["empty", "2 channels", "line", "bright", "nan", "negative", "complex", "text", "0 x 3", "7", "None"],
)
def test_what_is_no_picture_is_a_value_error(picture) -> None:
    with pytest.raises(ValueError, match=r"[a-z]{3}"):
        images.open_picture(picture)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_stored_box_is_turned_with_its_picture(orientation: int, kind: str) -> None:
    """A white patch of the picture as decoded lies where its box comes to lie; a TIFF is decoded upright."""
    stored = np.zeros((40, 60, 3), np.uint8)
    left, top, width, height = 7, 12, 20, 9
    stored[top : top + height, left : left + width] = 255
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(Image.fromarray(stored), kind, exif=exif)
    turn = images.orientation(data)
    assert turn == (1 if kind == "TIFF" else orientation)
    lying, upright = images.decode(data, 1), images.open_picture(data)
    assert face_table.picture_size(data) == lying.size
    assert images.turn_box(patch(lying), turn, upright.size) == patch(upright)
    if kind == "TIFF":
        assert lying.tobytes() == upright.convert("L").tobytes()
    else:
        assert patch(lying) == (left, top, width, height)


def patch(image: Image.Image) -> tuple[int, int, int, int]:
    """The box around all that is not black."""
    left, top, right, bottom = image.getbbox() or (0, 0, 0, 0)
    return left, top, right - left, bottom - top


def test_without_exif_nothing_is_turned() -> None:
    assert images.orientation(encoded(scene("RGB"), "JPEG")) == images.orientation(b"no picture") == 1


@pytest.mark.parametrize("orientation", range(1, 9))
def test_points_turn_with_their_picture(orientation):
    """A spot is where Pillow puts it, and comes back."""
    stored = np.zeros((5, 7), np.uint8)
    stored[1, 2] = 255
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    file = io.BytesIO()
    Image.fromarray(stored).save(file, "PNG", exif=exif)
    upright = np.asarray(images.open_picture(file.getvalue()).convert("L"))
    (y,), (x,) = np.nonzero(upright)
    spot = np.array([2.0, 1.0])
    turned = images.turn_points(spot, orientation, (7, 5))
    assert turned.tolist() == [x, y]
    assert images.unturn_points(turned, orientation, (7, 5)).tolist() == spot.tolist()
    box = (1.0, 2.0, 3.0, 1.5)
    size = upright.shape[::-1]
    assert images.unturn_box(images.turn_box(box, orientation, size), orientation, (7, 5)) == box
