"""The tensors that training reads: one file of canvases, points and affines per part."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from keypoints import crops, files
from keypoints.errors import Faults, UserError
from keypoints.landmarks import IMM, PHILTRUM, Scheme, nose_tip
from keypoints.settings.recipes import ALL, Data

if TYPE_CHECKING:
    import pandas as pd

SPLITS = ("train", "val", "test")
FAR = 1e7  # pixels of a crop: no point of a picture lies farther off
LAYOUT = {
    "images": ("u1", "N H W C"),
    "matrices": ("f8", "N 2 3"),
    "margin": ("i", ""),
    "points": ("f4", "N K 2"),
    "image_size": ("i4", "N 2"),
    "eye_distance": ("f4", "N"),
    **{name: ("U", "N") for name in ("split", "subset", "group", "name")},
}
Reader = Callable[[Path, Callable[[str], bool]], Iterable[tuple[str, bytes]]]
EYES, BOX = "the eye distance", "the box's diagonal"  # what errors are measured by


def arrays_of(faces: Crops) -> list[str]:
    """The names of the arrays with an entry per face."""
    return [f.name for f in fields(faces) if f.name not in ("margin", "scheme")]


@dataclass
class Crops:
    """N faces cut out of their pictures, and the way back.

    images:   (N, height + 2 margin, width + 2 margin, channels) uint8, canvases
    matrices: (N, 2, 3) float64, pixels of the image file -> pixels of the crop
    margin:   pixels of the canvas around the crop
    """

    images: np.ndarray
    matrices: np.ndarray
    margin: int

    def __len__(self) -> int:
        return len(self.images)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the crop, pixels."""
        height, width = self.images.shape[1:3]
        return width - 2 * self.margin, height - 2 * self.margin

    def crops(self) -> np.ndarray:
        """(N, height, width, channels) uint8: the canvases without their margin."""
        m = self.margin
        return self.images[:, m:-m, m:-m] if m else self.images

    def in_image(self, points: np.ndarray) -> np.ndarray:
        """Points (N, K, 2) of the crops in pixels of the image files."""
        return crops.apply(crops.inverse(self.matrices), points)

    def take(self, which: np.ndarray) -> Self:
        """The faces of these indices, or where this mask is true; a view, where they follow each other."""
        rows = np.flatnonzero(which) if which.dtype == bool else which
        together = len(rows) > 0 and (np.diff(rows) == 1).all()
        chosen = slice(rows[0], rows[-1] + 1) if together else rows
        return replace(self, **{name: getattr(self, name)[chosen] for name in arrays_of(self)})


@dataclass
class Faces(Crops):
    """The faces of one part with all that training and evaluation need to know.

    points:       (N, K, 2) float32, pixels of the crop (the canvas without its margin); NaN where a face
                  lacks a point
    image_size:   (N, 2) int32, width and height of the image file
    eye_distance: (N,) float32, what errors are divided by, pixels of the image file: the distance of the
                  outer eye corners; the diagonal of the box where the scheme has none
    split:        (N,) "train", "val" or "test"
    subset, group, name: (N,) text, as in the table of faces
    scheme:       of the points, where it came with the data; None for one of `landmarks.SCHEMES`
    """

    points: np.ndarray
    image_size: np.ndarray
    eye_distance: np.ndarray
    split: np.ndarray
    subset: np.ndarray
    group: np.ndarray
    name: np.ndarray
    scheme: Scheme | None = None

    @property
    def unit(self) -> str:
        """What `eye_distance` is, in words: `EYES` or `BOX`."""
        return BOX if self.scheme and self.scheme.eyes is None else EYES

    def only(self, *splits: str) -> Faces:
        """The faces of these splits."""
        return self.take(np.isin(self.split, splits))

    def held_out(self) -> Faces:
        """The faces that the figures are taken on: the test split, or val where there is none."""
        return self.only("test") if "test" in self.split else self.only("val")

    def save(self, path: str | Path) -> None:
        """Write one uncompressed .npz; the same faces give the same bytes."""
        stored = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "scheme"}
        if self.scheme:
            stored["scheme"] = json.dumps(self.scheme.as_dict())
        files.save_arrays(path, stored)


def load(path: str | Path) -> Faces:
    """Read what `Faces.save` wrote; the images stay in the file. Raises `UserError`."""
    found = files.load_arrays(path, LAYOUT, missing=("points",), mapped=("images",))
    try:
        _check(found)
        scheme = Scheme.from_dict(json.loads(str(found["scheme"]))) if "scheme" in found else None
    except ValueError as error:
        raise UserError(f"{path} is damaged or of another kind ({error}): run `dvc repro`") from None
    margin = int(found.pop("margin"))
    arrays = {name: found[name] for name in LAYOUT if name != "margin"}
    return Faces(margin=margin, **arrays, scheme=scheme)


def _check(found: dict[str, np.ndarray]) -> None:
    """Raise ValueError for faces that no preprocess stage writes."""
    height, width, channels = found["images"].shape[1:]
    margin = int(found["margin"])
    if not (0 <= 2 * margin < min(height, width) and channels in (1, 3)):
        raise ValueError(f"images of {width} x {height} x {channels} with a margin of {margin}")
    if not (np.abs(np.linalg.det(found["matrices"][:, :, :2])) > 0).all():
        raise ValueError("matrices that have no inverse")
    if np.abs(found["points"]).max(initial=0, where=~np.isnan(found["points"])) > FAR:
        raise ValueError("points that are in no picture")
    for name in ("image_size", "eye_distance"):
        if not (found[name] > 0).all():
            raise ValueError(f"{name} is not above 0")
    if unknown := set(found["split"].tolist()) - set(SPLITS):
        raise ValueError(f"the split {min(unknown)!r}")


def crop_region(data: Data, width: int, height: int, box: crops.Region) -> crops.Region:
    """What the crop shows of an image of width x height with a face in `box`, image pixels."""
    return (0.0, 0.0, width, height) if data.region == "image" else crops.square(box, data.scale)


def _plan(table: pd.DataFrame, archive: Path, data: Data) -> tuple[list[crops.Region], list[np.ndarray]]:
    """The region of each face's crop, pixels of the picture, and its affine. Raises `UserError`."""
    regions, matrices = [], []
    columns = ["file", "width", "height", "left", "top", "box_width", "box_height"]
    for file, width, height, *box in table[columns].to_numpy(object).tolist():
        try:
            regions.append(crop_region(data, width, height, (box[0], box[1], box[2], box[3])))
            matrices.append(crops.affine(regions[-1], (data.crop_size[0], data.crop_size[1])))
        except ValueError as error:
            raise UserError(f"{archive}: {file}: {error}: repair its box") from None
    return regions, matrices


def cut_all(
    table: pd.DataFrame,
    archive: Path,
    data: Data,
    faults: Faults,
    read: Reader | None = None,
    folder: Path | None = None,
) -> Crops:
    """Cut the faces of a table (file, width, height and box) out of an archive, in the table's order.

    `read` gives the pictures of a person's own data, which are turned as EXIF says; without it, they are read
    from a data set's archive as stored. With a `folder`, the canvases are memory-mapped there. Broken
    images are noted in `faults` and their canvases are black. Raises `UserError` for more than it allows.
    """
    from keypoints.datasets.archives import members
    from keypoints.pictures import images as pictures
    from keypoints.pictures.limits import MAX_PIXELS
    from keypoints.system import parallel

    size = (data.crop_size[0], data.crop_size[1])
    shape = (len(table), size[1] + 2 * data.margin, size[0] + 2 * data.margin, data.channels)
    images = files.scratch(folder, shape) if folder else np.zeros(shape, np.uint8)
    regions, matrices = _plan(table, archive, data)
    rows: dict[str, list[int]] = {}
    for i, file in enumerate(table["file"].tolist()):
        rows.setdefault(file, []).append(i)

    def cut(member: tuple[str, bytes]) -> tuple[str, str]:
        """Cut all faces of a picture; returns its name, and why it is broken or nothing."""
        name, content = member
        try:
            image = pictures.decode(content, data.channels, upright=read is not None)
            for i in rows[name]:
                images[i] = crops.cut(image, regions[i], size, data.margin)
        except ValueError as error:
            return name, str(error)
        return name, ""

    seen = set()
    found = (read or members)(archive, rows.__contains__)
    for done in parallel.in_order(cut, found, lambda member: pictures.count_pixels(member[1]), MAX_PIXELS):
        name, why = done.result()
        seen.add(name)
        if why:
            faults.add(name, why)
    faults.add_missing(name for name in rows if name not in seen)
    faults.check(len(rows))
    return Crops(images, np.stack(matrices), data.margin)


def build(
    table: pd.DataFrame,
    archive: Path,
    data: Data,
    scheme: Scheme,
    faults: Faults,
    read: Reader | None = None,
    folder: Path | None = None,
) -> Faces:
    """The faces of a part, from a data set's table; `scheme` is the data set's own.

    Sorted by split, so that a split can be used without a copy, and within it in the table's order. `read`
    and `folder` as in `cut_all`. Broken images are left out, as far as `faults` allows. Raises `UserError`,
    also for an unknown split.
    """
    column = f"split_{data.split}"
    if column not in table:
        known = [name.removeprefix("split_") for name in map(str, table.columns) if name.startswith("split_")]
        raise UserError(f"data.split: {data.dataset} has {', '.join(known)}, not {data.split!r}")
    table = table[table[column] != ""]
    table = table.sort_values(column, key=lambda names: names.map(SPLITS.index), kind="stable")
    table = table.reset_index(drop=True)
    if table.empty:
        raise UserError(f"data.split: {data.split!r} has no face of {data.dataset}")
    whole = np.stack(table["points"].tolist()).reshape(len(table), -1, 2)
    boxes = table[["box_width", "box_height"]].to_numpy(np.float64)
    eyes = measure_unit(whole, boxes, scheme)
    if not eyes.all():
        raise UserError(f"{archive}: {table['file'][eyes.argmin()]}: both eye corners on one spot: repair it")
    cut = cut_all(table, archive, data, faults, read, folder)
    points = crops.apply(cut.matrices, choose_points(whole, data, scheme))
    faces = Faces(
        images=cut.images,
        matrices=cut.matrices,
        margin=cut.margin,
        points=points.astype(np.float32),
        image_size=table[["width", "height"]].to_numpy(np.int32),
        eye_distance=eyes.astype(np.float32),
        split=table[column].to_numpy(str),
        subset=table["subset"].to_numpy(str),
        group=table["group"].to_numpy(str),
        name=table["file"].to_numpy(str),
        scheme=scheme if data.points == ALL else None,
    )
    return _without(faces, table["file"].isin(list(faults.broken)).to_numpy()) if faults.broken else faces


def _without(faces: Faces, broken: np.ndarray) -> Faces:
    """The faces that are not broken (N,); images are moved in place, since a copy may not fit into memory."""
    kept = np.flatnonzero(~broken)
    for row, old in enumerate(kept):
        faces.images[row] = faces.images[old]
    others = replace(faces, images=faces.images[:, :0, :0]).take(kept)
    return replace(others, images=faces.images[: len(kept)])


def measure_unit(points: np.ndarray, boxes: np.ndarray, scheme: Scheme) -> np.ndarray:
    """What errors are divided by (N,), in the unit of points (N, K, 2) and boxes (N, 2), width and height.

    That is the distance of the outer eye corners. For a face that lacks one of them, it is estimated from
    the box's diagonal by the median ratio of the other faces. Where the scheme has no eye corners, or no
    face has both, it is the diagonal.
    """
    diagonal = np.linalg.norm(boxes, axis=-1)
    if scheme.eyes is None:
        return diagonal
    eyes = scheme.eye_distance(points)
    missing = np.isnan(eyes)
    if missing.any():
        usual = 1.0 if missing.all() else np.median(eyes[~missing] / diagonal[~missing])
        eyes = np.where(missing, usual * diagonal, eyes)
    return eyes


def choose_points(points: np.ndarray, data: Data, scheme: Scheme) -> np.ndarray:
    """The points that the part learns, from all points (N, K, 2) of the data set. Raises `UserError`."""
    if data.points in (ALL, scheme.name):
        return points
    if data.points == "nose1" and scheme is IMM:
        return points[:, [PHILTRUM]] if data.target == "philtrum" else nose_tip(points)[:, None]
    if data.points == "axis2" and scheme.eyes and scheme.points == 68:
        return np.stack([crops.axis(*crops.upright_box(face, scheme.eyes)) for face in points])
    raise UserError(f"{data.dataset} has the points {scheme.name}, not {data.points}: see data.points")
