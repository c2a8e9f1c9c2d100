"""Copies are found whatever was done to them; pictures of others are not."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from keypoints.inspection.duplicates import Duplicates


def picture(seed: int, size=(160, 120)) -> Image.Image:
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)


def encoded(image: Image.Image, quality: int = 90) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()


def found(pictures: dict[str, bytes]) -> list[tuple[str, str, str]]:
    duplicates = Duplicates()
    for name, content in pictures.items():
        duplicates.add(name, content)
    return [(each.kind, each.file, each.what.rpartition(" ")[2]) for each in duplicates.find()]


def test_the_same_bytes():
    a, b = encoded(picture(1)), encoded(picture(2))
    assert found({"a.jpg": a, "b.jpg": b, "c.jpg": a}) == [("twice", "c.jpg", "a.jpg")]


@pytest.mark.parametrize(
    "change",
    [
        lambda image: encoded(image, 40),
        lambda image: encoded(image.resize((80, 60), Image.Resampling.LANCZOS)),
        lambda image: encoded(image.convert("L")),
        lambda image: encoded(image.point(lambda v: v * 3 // 4 + 20)),
    ],
    ids=["recompressed", "smaller", "grey", "paler"],
)
def test_nearly_the_same(change):
    pictures = {f"{k}.jpg": encoded(picture(k)) for k in range(20)}
    assert found(pictures) == []
    assert found(pictures | {"copy.jpg": change(picture(7))}) == [("alike", "copy.jpg", "7.jpg")]


def test_flat_pictures_are_not_alike():
    pictures = {f"{k}.jpg": encoded(Image.new("RGB", (64, 48), (k, k, k))) for k in range(3)}
    assert found(pictures) == []
