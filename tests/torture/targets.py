"""All that reads files of others, or of earlier runs: each target with whole files and special ones."""

from __future__ import annotations

import gzip
import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType

import numpy as np
from PIL import Image

from keypoints import compose
from keypoints.datasets import archives, face_table, ibug, imm, tensors, youtube
from keypoints.errors import Faults
from keypoints.landmarks import IBUG
from keypoints.models.trained import Trained
from keypoints.pictures import images
from keypoints.predict import box_lists
from keypoints.settings import params
from keypoints.training import snapshots
from keypoints.training.sampling import Examples
from tests import layouts, nets
from tests.recipes import noise


@dataclass(frozen=True)
class Target:
    """`read` answers or raises `UserError` or ValueError in one line; `whole` are files that it reads."""

    read: Callable[[Path], object]
    whole: Callable[[Path], list[bytes]]
    specials: tuple[bytes, ...] = ()


def pictures(_: Path) -> list[bytes]:
    """A picture in every format, grey and in colour, with EXIF, progressive, interlaced, of 16 bits."""
    pixels = np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    image, exif = Image.fromarray(pixels), Image.Exif()
    exif[0x0112] = 6
    kinds: list[tuple[str, dict[str, object]]] = [
        ("JPEG", {"exif": exif}),
        ("JPEG", {"progressive": True}),
        ("PNG", {}),
        ("WEBP", {"lossless": True}),
        ("BMP", {}),
        ("GIF", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("PPM", {}),
        ("AVIF", {}),
    ]
    made = []
    for kind, options in kinds:
        file = io.BytesIO()
        image.save(file, kind, **options)
        made.append(file.getvalue())
    deep = io.BytesIO()
    Image.fromarray(pixels[..., 0].astype(np.uint16) * 257).save(deep, "PNG")
    return [*made, deep.getvalue(), b"P3 2 2 255 " + b"7 " * 12]


def look(path: Path) -> None:
    data = path.read_bytes()
    images.orientation(data)
    images.open_picture(data)


def packed(name: str, folder: Path) -> list[bytes]:
    """A data set's archive as zip, tar and packed tar."""
    files = {
        "imm": partial(layouts.imm_files, "", (1, 35), (1,)),
        "ibug": partial(layouts.ibug_files, layouts.TRAIN[:4], layouts.TEST[:2]),
        "youtube": layouts.youtube_files,
    }[name]()
    if name == "youtube":
        few = {file: b"\n".join(data.splitlines()[:4]) for file, data in files.items() if ".csv" in file}
        files = few | {file: files[file] for file in files if re.search(r"Body-[012]_", file)}
    tar = layouts.as_tar(folder / "whole", files).read_bytes()
    return [layouts.as_zip(folder / "whole", files).read_bytes(), gzip.decompress(tar), tar]


def parse(dataset: ModuleType, path: Path) -> None:
    dataset.parse(path, 1, Faults(path, 0.5))


def read_archive(path: Path) -> None:
    for _ in archives.members(path, bool):
        pass


def weights(folder: Path) -> list[bytes]:
    nets.build().save(folder / "whole.pt")
    return [(folder / "whole.pt").read_bytes()]


def tensor_file(folder: Path) -> list[bytes]:
    noise(nets.recipe()).save(folder / "whole.npz")
    return [(folder / "whole.npz").read_bytes()]


def snapshot_file(folder: Path) -> list[bytes]:
    faces = noise(nets.recipe())
    examples = Examples(nets.recipe().augment, IBUG, faces)
    snapshots.save(folder / "whole.npz", [], snapshots.sample(examples, 0))
    return [(folder / "whole.npz").read_bytes()]


def table_file(folder: Path) -> list[bytes]:
    path = layouts.as_zip(folder / "whole", layouts.imm_files("", (1, 35), (1,)))
    face_table.save(folder / "whole.parquet", imm.parse(path, 1, Faults(path, 0.0)), None)
    return [(folder / "whole.parquet").read_bytes()]


def configuration(folder: Path) -> list[bytes]:
    compose.compose([], folder / "whole.yaml")
    return [(folder / "whole.yaml").read_bytes()]


def box_files(_: Path) -> list[bytes]:
    lines = [json.dumps({"file": f"{k}.jpg", "box": [k, 2, 30, 40.5]}) for k in range(5)]
    return ["\n".join(lines).encode(), layouts.xml(["a.jpg", "b/c.jpg"])]


TARGETS = {
    "pictures": Target(
        look, pictures, (b"", b"P3 9 9 9 " + b"#\n" * 5000, b"\xff\xd8" + b"\xff\xda\0\2" * 9999)
    ),
    "archives": Target(read_archive, partial(packed, "imm"), (b"", b"PK\x05\x06" + bytes(18), bytes(10_240))),
    "IMM": Target(partial(parse, imm), partial(packed, "imm")),
    "iBUG": Target(partial(parse, ibug), partial(packed, "ibug")),
    "YouTube Faces": Target(partial(parse, youtube), partial(packed, "youtube")),
    "box lists": Target(box_lists.read, box_files, (b"[" * 10**6, b'{"file":1,"box":' + b"9" * 9999)),
    "params.yaml": Target(params.load, configuration, (b"{a: " * 10**5, b"a: &a [*a]", b"a: 2020-13-01")),
    "tensors": Target(tensors.load, tensor_file, (b"", b"PK\x03\x04")),
    "snapshots": Target(partial(snapshots.load, faces=noise(nets.recipe())), snapshot_file),
    "tables": Target(face_table.load, table_file, (b"PAR1PAR1",)),
    "weights": Target(Trained.load, weights, (b"", b"PK\x03\x04", b"\x80\x02}.")),
}
