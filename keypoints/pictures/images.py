"""Pictures of any kind and from any source as Pillow images: grey or RGB, 8 bits."""

from __future__ import annotations

import importlib.util
import io
import math
import re
import warnings
from pathlib import Path, PurePath
from typing import IO

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from keypoints.pictures.limits import MAX_BYTES, check_size, check_tiles, check_work

# Without formats whose decoders start other programs or run code, such as EPS.
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM", "AVIF")
_ENDINGS = "jpg jpeg jpe jfif jif mpo png webp bmp gif tif tiff ppm pgm pbm pnm avif heic heif"
ENDINGS = tuple(f".{ending}" for ending in _ENDINGS.split())
# Files and folders that operating systems put beside photographs, such as thumbnails.
SYSTEM = ("__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information", "Thumbs.db", "desktop.ini")
_HEIC = re.compile(rb".{4}ftyp(?:.{4}){0,16}?he[iv][cmsx]", re.DOTALL)  # the brands at a file's start
_BACK = {6: 8, 8: 6}  # the orientations that undo others; the rest undo themselves

warnings.filterwarnings("ignore", module=r"PIL\.")  # sizes are bounded here, and odd EXIF is ignored

Box = tuple[float, float, float, float]  # left, top, width, height
Picture = str | Path | bytes | bytearray | IO[bytes] | Image.Image | np.ndarray


def open_picture(picture: Picture) -> Image.Image:
    """A picture in mode RGB, upright as its EXIF orientation says.

    It may be a path, a file's bytes, a file object, a Pillow image, or an array (H, W), (H, W, 1), (H, W, 3)
    or (H, W, 4). Of several frames, the first is taken; alpha is dropped. For the types of values see
    `to_8_bits`. Raises ValueError for what is no picture, and OSError for a file that cannot be read.
    """
    if isinstance(picture, Image.Image):
        return convert(picture, 3, upright=True)
    if isinstance(picture, np.ndarray):
        return Image.fromarray(to_8_bits(_check_shape(picture))).convert("RGB")
    if isinstance(picture, bytes | bytearray):
        return decode(bytes(picture), 3, upright=True)
    if isinstance(picture, str | Path) or hasattr(picture, "read"):
        return decode(read(picture), 3, upright=True)
    kind = type(picture).__name__
    raise ValueError(f"a picture is a path, bytes, a file, a Pillow image or an array, not {kind}")


def is_hidden(path: PurePath) -> bool:
    """Whether a path within a folder is hidden, or one of SYSTEM."""
    return any(part.startswith(".") or part in SYSTEM for part in path.parts)


def read(file: str | Path | IO[bytes]) -> bytes:
    """The bytes of a file. Raises OSError, and ValueError for more than MAX_BYTES."""
    if isinstance(file, str | Path):
        with open(file, "rb") as opened:
            return read(opened)
    data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise ValueError(f"more than {MAX_BYTES} bytes are no picture")
    return data


def decode(data: bytes, channels: int, upright: bool = False) -> Image.Image:
    """Decode a file's bytes as "L" (one channel) or "RGB" (three), whatever the file's name.

    `upright` turns it as its EXIF orientation says; not for data sets, whose points are in stored pixels.
    Raises ValueError for what is no picture, is cut short, or is too large.
    """
    return convert(open_header(data), channels, upright)


def open_header(data: bytes) -> Image.Image:
    """An image of which only the header is read, for mode and size. Raises ValueError."""
    formats = _learn_heic() if _HEIC.match(data) else FORMATS
    try:
        check_tiles(data)
        image = Image.open(io.BytesIO(data), formats=formats)
    except UnidentifiedImageError:  # its message has a memory address
        raise ValueError("not a whole picture: no format that is read here") from None
    except Exception as error:  # decoders raise nearly anything for damaged headers
        raise ValueError(f"not a whole picture: {_reason(error)}") from None
    check_work(image, data)
    return image


def count_pixels(data: bytes) -> int:
    """The number of pixels by a file's header; 0 for what is no picture (`decode` says why)."""
    try:
        return math.prod(open_header(data).size)
    except ValueError:
        return 0


def decode_small(data: bytes, side: int) -> Image.Image:
    """Decode a file's bytes as "L", quickly, and no larger than needed for `side` pixels per side.

    Raises ValueError as `decode` does.
    """
    image = open_header(data)
    image.draft("L", (side, side))  # JPEG alone decodes smaller
    return convert(image, 1)


def convert(image: Image.Image, channels: int, upright: bool = False) -> Image.Image:
    """A Pillow image of any mode as "L" or "RGB". Raises ValueError as `decode` does."""
    check_size(*image.size)
    mode = "L" if channels == 1 else "RGB"
    try:
        image.load()
        image = _turn(image) if upright else image
        if image.mode.startswith(("I", "F")):  # Pillow would clip instead of scale
            image = Image.fromarray(to_8_bits(np.asarray(image)))
        if image.mode == "LAB":  # which Pillow converts to RGB only
            image = image.convert("RGB")
        return image if image.mode == mode else image.convert(mode)
    except Exception as error:  # decoders raise nearly anything for damaged pixels
        raise ValueError(f"not a whole picture: {_reason(error)}") from None


def orientation(data: bytes) -> int:
    """A file's EXIF orientation, 1…8; 1 if it has none.

    Also 1 for a TIFF, which Pillow turns itself: its size and pixels are always upright here.
    """
    try:
        image = open_header(data)
        found = 1 if image.format == "TIFF" else image.getexif().get(ExifTags.Base.Orientation)
    except Exception:  # `decode` says what is wrong with it
        return 1
    return found if isinstance(found, int) and 1 <= found <= 8 else 1


def turn_box(box: Box, orientation: int, size: tuple[int, int]) -> Box:
    """From a box in stored pixels to one on the upright picture with this (width, height)."""
    left, top, width, height = box
    stored_width, stored_height = size if orientation < 5 else size[::-1]
    if orientation in (2, 3, 7, 8):
        left = stored_width - left - width
    if orientation in (3, 4, 6, 7):
        top = stored_height - top - height
    return (left, top, width, height) if orientation < 5 else (top, left, height, width)


def turn_points(points: np.ndarray, orientation: int, size: tuple[int, int]) -> np.ndarray:
    """From points (…, 2) in stored pixels, of a picture with this stored (width, height), to upright ones.

    The centre of the first pixel is at (0, 0) in both.
    """
    x, y = points[..., 0], points[..., 1]
    x = size[0] - 1 - x if orientation in (2, 3, 7, 8) else x
    y = size[1] - 1 - y if orientation in (3, 4, 6, 7) else y
    return np.stack([x, y] if orientation < 5 else [y, x], axis=-1)


def unturn_points(points: np.ndarray, orientation: int, size: tuple[int, int]) -> np.ndarray:
    """From points on the upright picture to stored pixels: undoes `turn_points` with the same `size`."""
    return turn_points(points, _BACK.get(orientation, orientation), size if orientation < 5 else size[::-1])


def unturn_box(box: Box, orientation: int, size: tuple[int, int]) -> Box:
    """From a box on the upright picture to stored pixels, of a picture with this stored (width, height)."""
    return turn_box(box, _BACK.get(orientation, orientation), size)


def to_8_bits(values: np.ndarray) -> np.ndarray:
    """The values of a picture as uint8.

    8 bits stay, of 16 bits the upper 8 are kept, floats 0…1 and booleans are multiplied by 255. Integers of
    other types, as in nested lists, count as 8 bits if none is above 255, else as 16 bits. Raises ValueError
    for other kinds of numbers and for values out of range.
    """
    if values.dtype == np.uint8:
        return values
    if values.dtype == bool:
        return values.astype(np.uint8) * 255
    if np.issubdtype(values.dtype, np.floating):
        if not (np.isfinite(values).all() and values.min() >= 0 and values.max() <= 1):
            raise ValueError("floats of a picture must lie in 0…1")
        return (values * 255).round().astype(np.uint8)
    if not np.issubdtype(values.dtype, np.integer) or values.min() < 0 or values.max() >= 2**16:
        raise ValueError(f"numbers of a picture have 8 or 16 bits or are floats 0…1, not {values.dtype}")
    wide = values.dtype.str[1:] == "u2" or values.max() > 255
    return (values >> 8 if wide else values).astype(np.uint8)


def _check_shape(array: np.ndarray) -> np.ndarray:
    """The array as (H, W), (H, W, 3) or (H, W, 4). Raises ValueError for other shapes and sizes."""
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)) or not array.size:
        raise ValueError(f"an array (H, W), (H, W, 3) or (H, W, 4), not empty, is needed, not {array.shape}")
    check_size(array.shape[1], array.shape[0])
    return np.ascontiguousarray(array)


def _learn_heic() -> tuple[str]:
    """Register the format of pillow-heif with Pillow. Raises ValueError if it is not installed."""
    if importlib.util.find_spec("pillow_heif") is None:
        raise ValueError("HEIC is read where pillow-heif is installed: pip install pillow-heif")
    import pillow_heif

    pillow_heif.register_heif_opener()
    return ("HEIF",)


def _turn(image: Image.Image) -> Image.Image:
    """The image turned as EXIF says; unreadable EXIF is ignored."""
    try:
        turned = image.getexif().get(ExifTags.Base.Orientation, 1) != 1
        return ImageOps.exif_transpose(image) if turned else image  # which copies what is upright, too
    except Exception:
        return image


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
