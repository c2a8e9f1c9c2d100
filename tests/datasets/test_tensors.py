"""Faces are cut out with their points, and the cache gives them back."""

from __future__ import annotations

import io
import math
import tarfile
import zipfile
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from keypoints import crops
from keypoints.datasets import tensors
from keypoints.errors import Faults, UserError
from keypoints.landmarks import IBUG, IMM, PHILTRUM, Scheme, nose_tip
from keypoints.settings.recipes import Data

WIDTH, HEIGHT, FACES = 90, 70, 6
DATA = Data("ibug", "ibug68", "strict", "box", 1.2, [48, 40], 5, 1)
SPLITS = ["train", "train", "val", "test", "train", "test"]
ORDER = [0, 1, 4, 2, 3, 5]  # split by split


def spot(x: float, y: float) -> bytes:
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    pixels = 250 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * 1.6**2))
    buffer = io.BytesIO()
    Image.fromarray(np.round(pixels).astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def centroid(pixels: np.ndarray) -> np.ndarray:
    weights = pixels.mean(axis=2)
    rows, columns = np.mgrid[: weights.shape[0], : weights.shape[1]]
    return np.array([(weights * columns).sum(), (weights * rows).sum()]) / weights.sum()


def faces_table(points: int = 68) -> pd.DataFrame:
    """One face a picture; its last point is where the picture's spot is."""
    random = np.random.default_rng(0)
    rows = []
    for k in range(FACES):
        shape = random.uniform(20, 60, (points, 2))
        shape[-1] = random.uniform((35, 28), (55, 42))
        box = shape[-1] - random.uniform(15, 22, 2)
        rows.append(
            {
                "file": f"top/{k}.jpg",
                "width": WIDTH,
                "height": HEIGHT,
                "left": box[0],
                "top": box[1],
                "box_width": 35.5,
                "box_height": 38.25,
                "points": shape.ravel().tolist(),
                "group": f"photo {k // 2}",
                "subset": f"set {k % 2}",
                "split_strict": SPLITS[k],
                "split_none": "",
                "split_half": SPLITS[k] if k % 2 else "",
            }
        )
    return pd.DataFrame(rows)


def pictures(table: pd.DataFrame) -> dict[str, bytes]:
    return {row.file: spot(*row.points[-2:]) for row in table.itertuples()}


def pack(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


@pytest.fixture
def table() -> pd.DataFrame:
    return faces_table()


@pytest.fixture
def archive(tmp_path: Path, table: pd.DataFrame) -> Path:
    # Backwards, and with a stranger: neither order nor company of the members matters.
    return pack(tmp_path / "a.tar", {"notes.txt": b"hi"} | dict(reversed(pictures(table).items())))


@pytest.fixture
def faces(table: pd.DataFrame, archive: Path) -> tensors.Faces:
    return tensors.build(table, archive, DATA, IBUG, Faults("b.tar", 0.0))


@pytest.mark.parametrize("region", ["box", "image"])
@pytest.mark.parametrize("channels, margin", [(1, 0), (3, 5)])
def test_points_are_on_the_spots(
    table: pd.DataFrame, archive: Path, region: str, channels: int, margin: int
) -> None:
    data = replace(DATA, region=region, channels=channels, margin=margin)
    made = tensors.build(table, archive, data, IBUG, Faults("b.tar", 0.0))
    assert made.images.shape == (FACES, 40 + 2 * margin, 48 + 2 * margin, channels)
    assert made.images.dtype == np.uint8 and made.points.dtype == np.float32
    assert made.size == (48, 40) and made.crops().shape == (FACES, 40, 48, channels)
    for k in range(FACES):
        np.testing.assert_allclose(centroid(made.crops()[k]), made.points[k, -1], atol=0.15)


def test_columns_arrive_in_the_tables_order_split_by_split(table: pd.DataFrame, faces: tensors.Faces) -> None:
    table = table.iloc[ORDER]
    assert len(faces) == FACES
    assert faces.name.tolist() == table["file"].tolist()
    assert faces.group.tolist() == table["group"].tolist()
    assert faces.subset.tolist() == table["subset"].tolist()
    assert faces.split.tolist() == [SPLITS[k] for k in ORDER]
    np.testing.assert_array_equal(faces.image_size, [[WIDTH, HEIGHT]] * FACES)
    shapes = np.stack(table["points"].to_numpy()).reshape(FACES, 68, 2)
    expected = np.linalg.norm(shapes[:, 36] - shapes[:, 45], axis=1)
    np.testing.assert_allclose(faces.eye_distance, expected, rtol=1e-6)


def test_in_image_undoes_the_crop(table: pd.DataFrame, faces: tensors.Faces) -> None:
    shapes = np.stack(table["points"].to_numpy()).reshape(FACES, 68, 2)[ORDER]
    np.testing.assert_allclose(faces.in_image(faces.points), shapes, atol=1e-4)
    some = faces.take(np.array([4, 1]))
    np.testing.assert_allclose(some.in_image(some.points), shapes[[4, 1]], atol=1e-4)


def test_faces_of_one_picture_are_cut_from_it_each(table: pd.DataFrame, archive: Path) -> None:
    twice = pd.concat([table, table.assign(left=table["left"] + 4.0)], ignore_index=True)
    made = tensors.build(twice, archive, DATA, IBUG, Faults("b.tar", 0.0))
    assert len(made) == 2 * FACES
    for k in range(2 * FACES):
        np.testing.assert_allclose(centroid(made.crops()[k]), made.points[k, -1], atol=0.3)
    for name in table["file"]:
        first, second = made.points[made.name == name, :, 0]
        assert (second < first).all()


def test_saving_and_loading_give_the_same_faces_and_bytes(faces: tensors.Faces, tmp_path: Path) -> None:
    faces.save(tmp_path / "new" / "one.npz")
    again = tensors.load(tmp_path / "new" / "one.npz")
    for field in fields(faces):
        ours, theirs = getattr(faces, field.name), getattr(again, field.name)
        np.testing.assert_array_equal(theirs, ours)
        assert np.asarray(theirs).dtype == np.asarray(ours).dtype and isinstance(theirs, type(ours))
    again.save(tmp_path / "new" / "two.npz")
    assert (tmp_path / "new" / "one.npz").read_bytes() == (tmp_path / "new" / "two.npz").read_bytes()
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["one.npz", "two.npz"]


def test_the_bytes_do_not_depend_on_the_patch_of_python(faces: tensors.Faces, tmp_path: Path) -> None:
    faces.save(tmp_path / "faces.npz")
    with zipfile.ZipFile(tmp_path / "faces.npz") as archive:
        for entry in archive.infolist():  # ZIP64, which numpy.savez asks for, is 45, or 20, and has `extra`
            assert (entry.extract_version, entry.extra, entry.date_time[0]) == (20, b"", 1980)
    assert b"\x01\x00\x10\x00" not in (tmp_path / "faces.npz").read_bytes()[:64]  # nor in its own header


def test_take_only_and_held_out(faces: tensors.Faces) -> None:
    assert faces.only("train").name.tolist() == ["top/0.jpg", "top/1.jpg", "top/4.jpg"]
    assert len(faces.only("train", "val")) == 4
    assert faces.held_out().name.tolist() == ["top/3.jpg", "top/5.jpg"]
    assert faces.only("train", "val").held_out().split.tolist() == ["val"]
    mask = faces.group == "photo 1"
    some = faces.take(mask)
    assert some.margin == faces.margin and some.size == faces.size
    for name in tensors.arrays_of(faces):
        np.testing.assert_array_equal(getattr(some, name), getattr(faces, name)[mask])


def test_faces_that_lie_together_are_not_copied(faces: tensors.Faces, tmp_path: Path) -> None:
    faces.save(tmp_path / "a.npz")
    loaded = tensors.load(tmp_path / "a.npz")
    for some in (loaded.only("train"), loaded.only("val", "test"), loaded.take(np.array([2, 3]))):
        assert np.shares_memory(some.images, loaded.images) and len(some) < len(loaded)
    assert not np.shares_memory(loaded.take(np.array([3, 2])).images, loaded.images)
    assert len(loaded.take(np.array([], int))) == len(loaded.take(np.zeros(FACES, bool))) == 0


@pytest.mark.parametrize("broken", [[], ["top/2.jpg"]])
def test_on_the_disk_or_in_memory_the_faces_are_the_same(
    broken: list[str], table: pd.DataFrame, tmp_path: Path
) -> None:
    members = {name: b"" if name in broken else content for name, content in pictures(table).items()}
    archive = pack(tmp_path / "a.tar", members)
    for name, folder in (("memory", None), ("disk", tmp_path / "new")):
        made = tensors.build(table, archive, DATA, IBUG, Faults("a.tar", 0.2), folder=folder)
        made.save(tmp_path / name)
        assert isinstance(made.images, np.memmap) == (name == "disk")
    assert (tmp_path / "memory").read_bytes() == (tmp_path / "disk").read_bytes()
    assert not list((tmp_path / "new").iterdir())


def test_unused_rows_are_not_even_read(table: pd.DataFrame, tmp_path: Path) -> None:
    used = pictures(table[table["split_half"] != ""])
    made = tensors.build(
        table, pack(tmp_path / "half.tar", used), replace(DATA, split="half"), IBUG, Faults("b.tar", 0.0)
    )
    assert made.split.tolist() == SPLITS[1::2] and made.name.tolist() == list(used)


@pytest.mark.parametrize("how", ["broken", "missing"])
def test_a_broken_picture_is_left_out_and_said(
    how: str, table: pd.DataFrame, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    members = pictures(table)
    if how == "broken":
        members["top/2.jpg"] = members["top/2.jpg"][:100]
    else:
        del members["top/2.jpg"]
    archive = pack(tmp_path / "b.tar", members)
    made = tensors.build(table, archive, DATA, IBUG, Faults("b.tar", 0.2))
    assert made.name.tolist() == [f"top/{k}.jpg" for k in (0, 1, 4, 3, 5)]
    np.testing.assert_allclose(centroid(made.crops()[2]), made.points[2, -1], atol=0.15)
    said = capsys.readouterr().err
    assert "1 of 6" in said and "top/2.jpg" in said
    with pytest.raises(UserError, match=r"b\.tar: 1 of 6 images left out.*top/2\.jpg.*max_broken"):
        tensors.build(table, archive, DATA, IBUG, Faults("b.tar", 0.1))


def test_a_wrong_split_names_the_known_ones(table: pd.DataFrame, archive: Path) -> None:
    with pytest.raises(UserError, match=r"data\.split: .*strict, none, half.*'person'"):
        tensors.build(table, archive, replace(DATA, split="person"), IBUG, Faults("b.tar", 0.0))


def test_a_split_without_faces_is_refused(table: pd.DataFrame, archive: Path) -> None:
    with pytest.raises(UserError):
        tensors.build(table, archive, replace(DATA, split="none"), IBUG, Faults("b.tar", 0.0))


@pytest.mark.parametrize("width", [0.0, -3.0])
def test_a_box_without_area_is_named(table: pd.DataFrame, archive: Path, width: float) -> None:
    table.loc[2, "box_width"] = width
    with pytest.raises(UserError, match=r"top/2\.jpg"):
        tensors.build(table, archive, DATA, IBUG, Faults("b.tar", 0.0))


def test_the_nose_is_one_point_of_imm(tmp_path: Path) -> None:
    table = faces_table(IMM.points)
    archive = pack(tmp_path / "imm.tar", pictures(table))
    data = replace(DATA, dataset="imm", points="nose1")
    one = tensors.build(table, archive, data, IMM, Faults("b.tar", 0.0))
    whole = tensors.build(table, archive, replace(data, points="imm58"), IMM, Faults("b.tar", 0.0))
    np.testing.assert_array_equal(one.points[:, 0], whole.points[:, PHILTRUM])
    tip = tensors.build(table, archive, replace(data, target="tip"), IMM, Faults("b.tar", 0.0))
    shapes = np.stack(table["points"].to_numpy()).reshape(FACES, IMM.points, 2)
    np.testing.assert_allclose(tip.in_image(tip.points)[:, 0], nose_tip(shapes)[ORDER], atol=1e-4)
    assert one.points.shape == tip.points.shape == (FACES, 1, 2)
    np.testing.assert_array_equal(one.eye_distance, whole.eye_distance)


def test_points_that_the_data_set_lacks_are_refused(table: pd.DataFrame, archive: Path) -> None:
    with pytest.raises(UserError, match=r"ibug68, not nose1"):
        tensors.build(table, archive, replace(DATA, points="nose1"), IBUG, Faults("b.tar", 0.0))


def test_the_region_is_the_picture_or_the_square_round_the_box() -> None:
    box: crops.Region = (10.0, 20.0, 30.0, 30.0)
    assert tensors.crop_region(replace(DATA, region="image"), 90, 70, box) == (0, 0, 90, 70)
    np.testing.assert_allclose(tensors.crop_region(DATA, 90, 70, box), (7, 17, 36, 36))


def test_a_missing_cache_names_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none\.npz is missing: run `dvc repro`"):
        tensors.load(tmp_path / "none.npz")


@pytest.mark.parametrize(
    "kind",
    ["empty", "text", "other arrays", "cut short", "one array"],
)
def test_what_is_no_cache_is_refused(kind: str, faces: tensors.Faces, tmp_path: Path) -> None:
    path = tmp_path / "b.npz"
    if kind == "other arrays":
        np.savez(path, a=np.zeros(3))
    elif kind == "one array":
        with open(path, "wb") as file:
            np.save(file, np.zeros(3))
    elif kind == "cut short":
        faces.save(path)
        path.write_bytes(path.read_bytes()[:-50])
    else:
        path.write_bytes({"empty": b"", "text": b"no arrays here"}[kind])
    with pytest.raises(UserError, match=r"b\.npz is damaged or of another kind") as caught:
        tensors.load(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "changed, says",
    [
        ({"margin": 40}, "with a margin of 40"),
        ({"split": np.array(["trian"] * 6)}, "the split 'trian'"),
        ({"matrices": np.zeros((6, 2, 3))}, "no inverse"),
        ({"eye_distance": np.zeros(6, np.float32)}, "eye_distance is not above 0"),
        ({"image_size": np.full((6, 2), -1, np.int32)}, "image_size is not above 0"),
        ({"points": np.full((6, 68, 2), 1e9, np.float32)}, "points that are in no picture"),
        ({"points": np.full((6, 68, 2), np.inf, np.float32)}, "no finite number"),
        ({"points": np.zeros((5, 68, 2), np.float32)}, "points has the shape"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_faces_that_no_stage_writes_are_refused(changed, says, faces: tensors.Faces, tmp_path: Path) -> None:
    assert len(faces) == 6
    replace(faces, **changed).save(tmp_path / "b.npz")
    with pytest.raises(UserError, match=says):
        tensors.load(tmp_path / "b.npz")


OWN = replace(DATA, points="all")
PLAIN = Scheme("own68", {"all": tuple(range(68))}, (), tuple(range(68)), None, flips=False)


def test_gaps_and_a_scheme_of_their_own_come_back(table: pd.DataFrame, archive: Path, tmp_path: Path) -> None:
    table = table.copy()
    table["points"] = [[math.nan, math.nan, *points[2:]] for points in table["points"]]
    made = tensors.build(table, archive, OWN, PLAIN, Faults("b.tar", 0.0))
    assert np.isnan(made.points[:, 0]).all() and np.isfinite(made.points[:, 1:]).all()
    made.save(tmp_path / "own.npz")
    again = tensors.load(tmp_path / "own.npz")
    assert again.scheme == PLAIN and again.only("train").scheme == PLAIN
    np.testing.assert_array_equal(again.points, made.points)


def test_without_eye_corners_the_boxs_diagonal_is_the_unit(table: pd.DataFrame, archive: Path) -> None:
    made = tensors.build(table, archive, OWN, PLAIN, Faults("b.tar", 0.0))
    assert made.unit == tensors.BOX
    np.testing.assert_allclose(made.eye_distance, np.hypot(35.5, 38.25), rtol=1e-6)
    assert tensors.build(table, archive, DATA, IBUG, Faults("b.tar", 0.0)).unit == tensors.EYES


def test_a_face_without_an_eye_corner_has_the_usual_share_of_its_box() -> None:
    points = np.random.default_rng(0).uniform(0, 50, (5, 68, 2))
    boxes = np.tile([30.0, 40.0], (5, 1))
    boxes[2] *= 2
    whole = tensors.measure_unit(points, boxes, IBUG)
    points[2, 36] = np.nan
    found = tensors.measure_unit(points, boxes, IBUG)
    np.testing.assert_array_equal(np.delete(found, 2), np.delete(whole, 2))
    assert found[2] == pytest.approx(2 * np.median(np.delete(whole, 2)))
    points[:, 36] = np.nan
    np.testing.assert_allclose(tensors.measure_unit(points, boxes, IBUG), [50, 50, 100, 50, 50])
