"""Bytes of a picture, whatever its name says, to pixels."""

from __future__ import annotations

import io

from PIL import Image, ImageOps, UnidentifiedImageError

# Not those that start other programs or run code, such as EPS.
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM", "AVIF")
MAX_PIXELS = 100_000_000  # a larger picture is refused before it is decoded


def decode(data: bytes, channels: int, upright: bool = False) -> Image.Image:
    """Decode a picture as "L" (one channel) or "RGB" (three); alpha is dropped.

    `upright` turns it as its EXIF orientation says; data sets' points are of the pixels as they lie.
    Raises ValueError in words for what is no picture, is cut short, or is too large.
    """
    try:
        image: Image.Image = Image.open(io.BytesIO(data), formats=FORMATS)
        if image.width * image.height > MAX_PIXELS:
            raise ValueError(f"{image.width} x {image.height} pixels are too many")
        image.load()
        if upright:
            image = ImageOps.exif_transpose(image)
    except UnidentifiedImageError:  # its own words tell a place in memory
        raise ValueError("not a whole picture: no format that is read here") from None
    except (OSError, SyntaxError, RuntimeError, Image.DecompressionBombError) as error:
        raise ValueError(f"not a whole picture: {error}") from None
    if image.mode.startswith("I"):  # 16 bits: Pillow would clip instead of scale
        image = image.point(lambda value: value / 256).convert("L")
    return image.convert("L" if channels == 1 else "RGB")
