"""Small archives in the official layouts, and cut-down real ones, for the tests of the data sets."""

from __future__ import annotations

import csv
import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from keypoints.paths import ROOT

REAL = ROOT.parent / "shared" / "data"
COLUMNS = ["file", "width", "height", "left", "top", "box_width", "box_height", "points", "group", "subset"]


def image(size=(64, 48), mode="RGB", kind="JPEG") -> bytes:
    out = io.BytesIO()
    Image.new(mode, size).save(out, kind)
    return out.getvalue()


JPEG, PNG = image(), image((30, 40), "RGBA", "PNG")


def as_zip(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for name, data in files.items():
            file.writestr(name, data)
    return path


def as_tar(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz", compresslevel=1) as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def line(error) -> str:
    assert "\n" not in str(error.value)
    return str(error.value)


def asf(host: str, points: int = 58, first: str = "0.5") -> bytes:
    rows = [f"0 \t4 \t{first if k == 0 else k / 100} \t0.25 \t{k} \t0 \t1 " for k in range(points)]
    return "\n".join(["#####", "#", f"{points}", "", "# points", *rows, "", "# host", host, ""]).encode()


def imm_files(folder: str, people=range(1, 41), views=(1, 2)) -> dict[str, bytes]:
    files = {}
    for stem in (f"{person:02}-{view}m" for person in people for view in views):
        files |= {f"{folder}{stem}.asf": asf(f"{stem}.jpg"), f"{folder}{stem}.jpg": JPEG}
    return files


def xml(faces: list[str], points: bool = True, step: int = 1, box="top='-5' left='3' width='40' height='41'"):
    parts = [f"<part name='{k:02}' x='{k}' y='{k + 0.25}'/>" for k in range(68)][::step] if points else []
    images = [
        f"<image file='{f}' width='1' height='1'><box {box}>{''.join(parts)}</box></image>" for f in faces
    ]
    head = "<?xml version='1.0' encoding='ISO-8859-1'?>\n<?xml-stylesheet type='text/xsl' href='x.xsl'?>\n"
    return f"{head}<dataset><name>x</name><images>{''.join(images)}</images></dataset>".encode()


TRAIN = [
    "afw/1_1",
    "afw/2_1",
    "afw/3_2",
    "helen/trainset/7_1",
    "helen/trainset/8_1",
    "lfpw/trainset/image_0001",
]
TRAIN += [f"lfpw/trainset/image_{k:04}" for k in range(2, 30)] + ["helen/testset/9_1", "ibug/image_003_1"]
TEST = ["afw/1_2", "lfpw/testset/image_0001", "ibug/image_003_2", "helen/trainset/10_1"]
TRAIN, TEST = ([f"{stem}{twin}.jpg" for stem in stems for twin in ("", "_mirror")] for stems in (TRAIN, TEST))


def ibug_files(train=TRAIN, test=TEST, folder: str = "ibug_300W_large_face_landmark_dataset/", **say):
    files = {f"{folder}labels_ibug_300W_train.xml": xml(train, **say)}
    files |= {f"{folder}labels_ibug_300W_test.xml": xml(test)}
    files |= {f"{folder}labels_ibug_300W_test_parsed.xml": xml(test[::-1], points=False)}
    return files | {folder + name: JPEG for name in (*train, *test)}


def sheet(names: list[str], columns: int = 136, value: str = "1.5") -> bytes:
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\n")
    write.writerow(["", *range(columns)])
    write.writerows([name, value, *[f"{k}.0" for k in range(1, columns)]] for name in names)
    return out.getvalue().encode()


PEOPLE = [f"Some_Body-{k}" for k in range(40)]
FRAMES = {
    "training": [f"{p}_{n:02}.jpg" for p in PEOPLE for n in (1, 50)],
    "test": [f"{p}_01.jpg" for p in PEOPLE[:15]],
}


def youtube_files(top: str = "P1_Facial_Keypoints-6e55adc/data/", **say) -> dict[str, bytes]:
    files = {}
    for folder, names in FRAMES.items():
        files[f"{top}{folder}_frames_keypoints.csv"] = sheet(names, **say)
        files |= {f"{top}{folder}/{name}": PNG for name in names}
    return files


BUILT = {"imm": (imm_files, as_zip), "ibug": (ibug_files, as_tar), "youtube": (youtube_files, as_zip)}


def splits(table: pd.DataFrame, protocol: str) -> dict[str, set[str]]:
    return {name: set(part["group"]) for name, part in table.groupby(f"split_{protocol}")}


def cut_down(tmp_path: Path, file: str, keep) -> Path:
    """A small archive of some members of a real one, made in the test's own folder."""
    from keypoints.datasets.archives import members

    if not (REAL / file).is_file():
        pytest.skip(f"{file} is not in ../shared/data")
    return as_tar(tmp_path / "real", dict(members(REAL / file, keep)))


def inside(table: pd.DataFrame) -> float:
    """The share of points that lie inside of their image."""
    points = [np.reshape(row.points, (-1, 2)) / (row.width, row.height) for row in table.itertuples()]
    return float(np.mean([(p > 0).all(-1) & (p < 1).all(-1) for p in points]))
