"""From archives in the official layouts to tables of faces, and who is trained and tested on."""

from __future__ import annotations

import csv
import gzip
import io
import sys
import tarfile
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import stages.download
import stages.parse
from keypoints import datasets, landmarks
from keypoints.datasets import common, ibug, imm, youtube
from keypoints.errors import UserError

ROOT = Path(__file__).resolve().parent.parent
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


# --- the three layouts, small


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


@pytest.fixture(scope="module")
def tables(tmp_path_factory) -> dict[str, pd.DataFrame]:
    folder, tables = tmp_path_factory.mktemp("archives"), {}
    for name, (files, pack) in BUILT.items():
        tree = files("data/imm_face_db/") if name == "imm" else files()
        tables[name] = datasets.get(name).parse(pack(folder / name, tree), 42, 0.0)
    return tables


def splits(table: pd.DataFrame, protocol: str) -> dict[str, set[str]]:
    return {name: set(part["group"]) for name, part in table.groupby(f"split_{protocol}")}


# --- what every table is


@pytest.mark.parametrize("name", datasets.DATASETS)
def test_the_columns_and_their_types(tables, name):
    module, table = datasets.get(name), tables[name]
    extra = ["list"] if name == "ibug" else []
    assert list(table) == [*COLUMNS, *extra, *(f"split_{split}" for split in module.SPLITS)]
    assert (table[["width", "height"]].dtypes == "int64").all()
    assert (table[["left", "top", "box_width", "box_height"]].dtypes == "float64").all()
    assert all(len(points) == 2 * module.SCHEME.points for points in table["points"])
    assert module.SCHEME in landmarks.SCHEMES.values()
    for split in module.SPLITS:
        assert {"train", "val"} <= set(table[f"split_{split}"]) <= {"train", "val", "test", ""}


@pytest.mark.parametrize("name", datasets.DATASETS)
def test_the_order_in_the_archive_does_not_matter(tables, tmp_path, name):
    files = BUILT[name][0]("data/imm_face_db/") if name == "imm" else BUILT[name][0]()
    other = as_tar(tmp_path / "a", dict(reversed(files.items())))
    pd.testing.assert_frame_equal(datasets.get(name).parse(other, 42, 0.0), tables[name])


@pytest.mark.parametrize("name", datasets.DATASETS)
def test_broken_and_missing_images_are_left_out_up_to_a_share(tables, tmp_path, name, capsys):
    files = BUILT[name][0]("data/imm_face_db/") if name == "imm" else BUILT[name][0]()
    gone, broken, *_ = tables[name]["file"]
    del files[gone]
    files[broken] = b"<html>"
    path = as_zip(tmp_path / name, files)
    table = datasets.get(name).parse(path, 42, 0.1)
    assert list(table["file"]) == list(tables[name]["file"])[2:]
    assert f"2 of {tables[name]['file'].nunique()} images left out" in capsys.readouterr().err
    with pytest.raises(UserError, match=r"profile\.max_broken = 0\.001 allows") as error:
        datasets.get(name).parse(path, 42, 0.001)
    assert str(path) in line(error)


@pytest.mark.parametrize("name", datasets.DATASETS)
def test_another_archive_is_named(tmp_path, name):
    path = as_zip(tmp_path / name, {"readme.txt": b"hello"})
    with pytest.raises(UserError, match="archive of another data set") as error:
        datasets.get(name).parse(path, 42, 0.1)
    assert str(path) in line(error)


@pytest.mark.parametrize("name", datasets.DATASETS)
def test_a_truncated_archive_is_one_line(tmp_path, name):
    files = BUILT[name][0]("imm_face_db/") if name == "imm" else BUILT[name][0]()
    path = as_tar(tmp_path / name, files)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(UserError, match=f"dvc repro -f download@{name}") as error:
        datasets.get(name).parse(path, 42, 0.1)
    assert str(path) in line(error)


# --- drawing groups


@given(groups=st.sets(st.text(max_size=6), max_size=60), seed=st.integers(0, 2**31), order=st.randoms())
def test_the_draw_is_disjoint_of_the_share_and_blind_to_order(groups, seed, order):
    mixed = [*groups, *groups]
    order.shuffle(mixed)
    test, val = common.draw(mixed, seed, 0.2, 0.1)
    assert [test, val] == common.draw(sorted(groups), seed, 0.2, 0.1)
    assert not test & val and test | val <= groups
    if len(groups) > 2:
        assert len(test) == max(1, round(0.2 * len(groups))) and len(val) == max(1, round(0.1 * len(groups)))
        assert test | val != groups


def test_the_draw_follows_the_seed():
    assert common.draw(PEOPLE, 1, 0.2) != common.draw(PEOPLE, 2, 0.2)


# --- IMM


@pytest.mark.parametrize("folder", ["", "imm_face_db/", "cs194-proj4-dc8fba5/data/imm_face_db/", "./"])
def test_imm_wherever_its_folder_lies(tmp_path, folder):
    more = {"imm_face_db.pdf": b"%PDF", f"{folder}other.jpg": JPEG, "__MACOSX/._01-1m.asf": b"x"}
    table = imm.parse(as_tar(tmp_path / "imm", imm_files(folder, (1, 40)) | more), 1, 0.0)
    assert list(table["file"]) == [f"{folder}{stem}.jpg" for stem in ("01-1m", "01-2m", "40-1m", "40-2m")]
    row = table.iloc[1]
    assert (row["group"], row["subset"], row["width"], row["height"]) == ("01", "view 2", 64, 48)
    assert list(row[["left", "top", "box_width", "box_height"]]) == [0, 0, 64, 48]
    assert row["points"][:4] == [32.0, 12.0, 0.64, 12.0]


def test_imm_protocols(tables):
    people = {p: {s: {int(g) for g in gs} for s, gs in splits(tables["imm"], p).items()} for p in imm.SPLITS}
    one = set(range(1, 41))
    assert people["course"] == {"train": set(range(1, 33)), "val": set(range(33, 41))}
    assert people["held_out"] == {
        "train": set(range(1, 29)),
        "val": set(range(29, 33)),
        "test": one - set(range(33)),
    }


@pytest.mark.parametrize(
    "content, says",
    [
        (asf("01-1m.jpg", 57), "57 points, 58 are wanted"),
        (asf("01-1m.jpg").replace(b"\n0 ", b"\n# ", 1), "57 points, 58 are wanted"),
        (asf("01-1m.jpg")[:-20], "57 points, 58 are wanted"),
        (b"", "0 points, 58 are wanted"),
        (asf("../01-1m.jpg"), "without a folder"),
        (asf("/etc/passwd"), "without a folder"),
        (asf("C:\\01-1m.jpg"), "without a folder"),
        (asf("01-1m.jpg", first="nan"), "01-1m.jpg: point 0 is not a finite number"),
        (asf("01-1m.jpg", first="none"), "01-1m.jpg: point 0 is not a finite number"),
        (asf("01-1m.jpg").replace(b"\t7 \t", b"\t8 \t"), "not numbered 0 to 57"),
    ],
)
def test_imm_annotations_that_are_wrong(tmp_path, content, says):
    path = as_zip(tmp_path / "imm", imm_files("x/", (1, 2)) | {"x/01-1m.asf": content})
    with pytest.raises(UserError, match=says) as error:
        imm.parse(path, 1, 1.0)
    assert f"{path}: x/01-1m" in line(error)


# --- iBUG


@pytest.mark.parametrize(
    "file, group",
    [
        ("afw/134212_2.jpg", "afw/134212"),
        ("afw/18489332_10_mirror.jpg", "afw/18489332"),
        ("helen/trainset/1234567_1.jpg", "helen/trainset/1234567"),
        ("lfpw/trainset/image_0001.jpg", "lfpw/trainset/image_0001"),
        ("lfpw/testset/image_0001_mirror.jpg", "lfpw/testset/image_0001"),
        ("ibug/image_003_1.jpg", "ibug/image_003"),
        ("ibug/image_092 _01.jpg", "ibug/image_092"),
        ("ibug/image_010.jpg", "ibug/image_010"),
    ],
)
def test_ibug_photographs(file, group):
    assert ibug.photograph(file) == group


def test_photographs_that_are_there_twice_are_one():
    assert ibug.photograph("lfpw/trainset/image_0583.jpg") == ibug.photograph("lfpw/trainset/image_0548.jpg")
    twins = {
        ibug.photograph(f"helen/trainset/{name}.jpg") for name in ("1218567979_2_mirror", "1207662328_1")
    }
    assert twins == {"helen/trainset/1207662328"}


def test_ibug_rows(tables):
    table = tables["ibug"]
    row = table[table["file"].str.endswith("/afw/3_2.jpg")].iloc[0]
    assert list(row[["width", "height", "left", "top", "box_width", "box_height"]]) == [64, 48, 3, -5, 40, 41]
    assert row["points"][:4] == [0.0, 0.25, 1.0, 1.25] and (row["subset"], row["list"]) == ("afw", "train")
    assert set(table["subset"].str.removesuffix(" mirrored")) == {"afw", "ibug"} | {
        f"{a}/{b}set" for a in ("helen", "lfpw") for b in ("train", "test")
    }


def test_ibug_parts_in_any_order(tables, tmp_path):
    table = ibug.parse(as_tar(tmp_path / "ibug", ibug_files(step=-1)), 42, 0.0)
    pd.testing.assert_frame_equal(table, tables["ibug"])


def test_ibug_protocols(tables):
    table = tables["ibug"]
    name = table["file"].str.split("/", n=1).str[1]
    mirror = name.str.contains("_mirror")
    tested = {split: set(name[table[f"split_{split}"] == "test"]) for split in ibug.SPLITS}
    assert tested["kaggle"] == set(TEST)
    assert tested["300w"] == {
        "helen/testset/9_1.jpg",
        "lfpw/testset/image_0001.jpg",
        "ibug/image_003_1.jpg",
        "ibug/image_003_2.jpg",
    }
    assert tested["strict"] == tested["kaggle"] | tested["300w"]
    for split in ibug.SPLITS:
        column = table[f"split_{split}"]
        assert not (column.isin(["train", "val"]) & mirror).any()
        groups = splits(table, split)
        assert not groups["train"] & groups["val"]
    learnt = name[table["split_kaggle"].isin(["train", "val"])]
    assert set(learnt) == {file for file in TRAIN if "_mirror" not in file}
    learnt = name[table["split_300w"].isin(["train", "val"])]
    assert set(learnt) == {
        file
        for file in TRAIN + TEST
        if file.startswith(("afw", "helen/trainset", "lfpw/trainset")) and "_mirror" not in file
    }
    strict = splits(table, "strict")
    assert not strict["test"] & (strict["train"] | strict["val"])
    assert not {"afw/1", "ibug/image_003"} & (
        strict["train"] | strict["val"]
    )  # photographs with a tested face
    assert {"afw/2", "helen/trainset/7"} <= strict["train"] | strict["val"]


def test_ibug_kaggle_list_keeps_its_order(tmp_path):
    files = ibug_files()
    table = ibug.kaggle_list(as_tar(tmp_path / "ibug", files))
    assert list(table) == COLUMNS[:7]
    assert [file.split("/", 1)[1] for file in table["file"]] == TEST[::-1]
    assert list(table.iloc[0])[1:] == [64, 48, 3, -5, 40, 41]
    official = {name: data for name, data in files.items() if "parsed" not in name}
    table = ibug.kaggle_list(as_tar(tmp_path / "ibug", official))
    assert [file.split("/", 1)[1] for file in table["file"]] == TEST
    del files[table["file"][2]]
    with pytest.raises(UserError, match=r"lfpw/testset/image_0001\.jpg of .*parsed\.xml: not in the archive"):
        ibug.kaggle_list(as_tar(tmp_path / "ibug", files))


ENTITY = b"<!DOCTYPE d [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><dataset>&e;</dataset>"


@pytest.mark.parametrize(
    "content, says",
    [
        (b"file,x,y\n", "no plain XML"),
        (ENTITY, "no plain XML"),
        (b"<!DOCTYPE dataset><dataset/>", "no plain XML"),
        (xml(TRAIN).replace(b"ISO-8859-1", b"no-such"), "no plain XML"),
        (xml(TRAIN)[:-30], "no plain XML"),
        (b"<dataset/>", "lists no face"),
        (xml(TRAIN, step=2), "afw/1_1.jpg: 34 different points"),
        (xml(TRAIN, points=False), "afw/1_1.jpg: 0 different points"),
        (xml(TRAIN).replace(b"name='05'", b"name='06'", 1), "afw/1_1.jpg: 67 different points"),
        (xml(TRAIN).replace(b"x='5'", b"x='NaN'", 1), "afw/1_1.jpg: point 5 is not a finite number"),
        (xml(TRAIN, box="top='0' left='0' width='0' height='9'"), "a box needs"),
        (xml(TRAIN, box="top='0' width='9' height='9'"), "the box is not a finite number"),
    ],
)
def test_ibug_lists_that_are_wrong(tmp_path, content, says):
    files = ibug_files() | {"ibug_300W_large_face_landmark_dataset/labels_ibug_300W_train.xml": content}
    path = as_zip(tmp_path / "ibug", files)
    with pytest.raises(UserError, match=says) as error:
        ibug.parse(path, 1, 1.0)
    assert str(path) in line(error)


# --- YouTube Faces


def test_youtube_rows(tables):
    row = tables["youtube"].iloc[0]
    assert row["file"] == "P1_Facial_Keypoints-6e55adc/data/test/Some_Body-0_01.jpg"
    assert (row["group"], row["subset"], row["width"], row["height"]) == ("Some_Body-0", "test", 30, 40)
    assert list(row[["left", "top", "box_width", "box_height"]]) == [0, 0, 30, 40]
    assert row["points"][:3] == [1.5, 1.0, 2.0]
    assert len(tables["youtube"]) == 95 and tables["youtube"]["file"].is_unique


def test_youtube_protocols(tables):
    table = tables["youtube"]
    assert ((table["split_official"] == "test") == (table["subset"] == "test")).all()
    official, person = splits(table, "official"), splits(table, "person")
    assert not official["train"] & official["val"] and len(official["val"]) == 4
    assert {name: len(groups) for name, groups in person.items()} == {"test": 8, "train": 28, "val": 4}
    assert set.union(*person.values()) == set(PEOPLE)


def test_youtube_splits_follow_the_seed(tables, tmp_path):
    other = youtube.parse(as_zip(tmp_path / "youtube", youtube_files()), 43, 0.0)
    assert not np.array_equal(other["split_person"], tables["youtube"]["split_person"])
    pd.testing.assert_frame_equal(other[COLUMNS], tables["youtube"][COLUMNS])


@pytest.mark.parametrize(
    "content, says",
    [
        (sheet(FRAMES["test"], columns=135), "136 columns: wanted"),
        (sheet(FRAMES["test"]).replace(b",7,", b",seven,", 1), "'seven' in column 9: wanted"),
        (
            sheet(FRAMES["test"]) + b"Some_Body-0_01.jpg,1,2\n",
            "Some_Body-0_01.jpg: 3 columns, 137 are wanted",
        ),
        (sheet(FRAMES["test"], value="nan"), "Some_Body-0_01.jpg: point 0 is not a finite number"),
        (sheet(FRAMES["test"], value=""), "Some_Body-0_01.jpg: point 0 is not a finite number"),
        (sheet(FRAMES["test"], value="1e999"), "Some_Body-0_01.jpg: point 0 is not a finite number"),
        (b"\xff\xfe\x00", "no CSV"),
        (b"", "no CSV"),
    ],
)
def test_youtube_lists_that_are_wrong(tmp_path, content, says):
    files = youtube_files("data/") | {"data/test_frames_keypoints.csv": content}
    path = as_zip(tmp_path / "youtube", files)
    with pytest.raises(UserError, match=says) as error:
        youtube.parse(path, 1, 1.0)
    assert str(path) in line(error)


def test_youtube_needs_both_lists(tmp_path):
    files = youtube_files("data/")
    del files["data/test_frames_keypoints.csv"]
    with pytest.raises(UserError, match="no members are named test_frames_keypoints"):
        youtube.parse(as_zip(tmp_path / "youtube", files), 1, 1.0)


@pytest.mark.parametrize(
    "mode, kind", [("L", "JPEG"), ("LA", "PNG"), ("RGB", "PNG"), ("I;16", "PNG"), ("P", "PNG")]
)
def test_sizes_are_read_whatever_the_picture_is(tmp_path, mode, kind):
    files = youtube_files("data/")
    files["data/test/Some_Body-0_01.jpg"] = image((11, 12), mode, kind)
    row = youtube.parse(as_zip(tmp_path / "youtube", files), 1, 0.0).iloc[0]
    assert (row["width"], row["height"]) == (11, 12)


# --- the stage, and real files


@pytest.fixture
def stage(tmp_path, monkeypatch):
    """Run a stage in a folder of its own, with these settings of the profile."""

    def run(module, *arguments: str, **profile) -> None:
        profile = {"source": "synthetic", "mirror": None, "faces": {}, "max_broken": 0.0} | profile
        settings = SimpleNamespace(
            seed=7, profile=SimpleNamespace(**profile), datasets={"imm": "its sources"}
        )
        monkeypatch.setattr("keypoints.params.load", lambda: settings)
        monkeypatch.chdir(tmp_path)
        name, *paths = arguments
        module.main(name, *map(Path, paths))

    return run


def test_the_parse_stage_writes_the_same_bytes_twice(tmp_path, stage, capsys):
    arguments = ("imm", "imm", "tables/imm.parquet")
    as_tar(tmp_path / "imm", imm_files("imm_face_db/"))
    stage(stages.parse, *arguments)
    said = "imm: 80 faces; course: 64 train, 16 val, 0 test; held_out: 56 train, 8 val, 16 test\n"
    assert capsys.readouterr().out == said
    table = tmp_path / "tables" / "imm.parquet"
    before = table.read_bytes()
    assert len(pd.read_parquet(table)["points"][0]) == 116
    assert [path.name for path in table.parent.iterdir()] == [table.name]
    as_zip(tmp_path / "imm", imm_files("imm_face_db/"))
    stage(stages.parse, *arguments)
    assert table.read_bytes() == before
    (tmp_path / "imm").write_bytes(gzip.compress(b"cut"))
    with pytest.raises(UserError, match=r"^imm is damaged"):
        stage(stages.parse, *arguments)
    assert table.read_bytes() == before


def test_the_download_stage_fetches_or_draws(stage, monkeypatch):
    calls = []
    drawing = SimpleNamespace(write=lambda *args, **more: calls.append((*args, more)))
    monkeypatch.setitem(sys.modules, "keypoints.datasets.synthetic", drawing)
    monkeypatch.setattr(datasets, "synthetic", drawing, raising=False)
    monkeypatch.setattr("keypoints.downloads.fetch", lambda *args: calls.append(args))
    stage(stages.download, "imm", "data/imm", source="archives", mirror="m")
    stage(stages.download, "imm", "data/imm", faces={"imm": 12})
    out = Path("data/imm")
    assert calls == [("imm", "its sources", "m", out), ("imm", out, {"faces": 12, "seed": 7})]
    with pytest.raises(UserError, match="datasets: nothing is said of 'ibug'"):
        stage(stages.download, "ibug", "data/ibug", source="archives")
    with pytest.raises(UserError, match=r"profile\.faces: how many to draw for 'ibug'"):
        stage(stages.download, "ibug", "data/ibug")


def cut_down(tmp_path: Path, file: str, keep) -> Path:
    """A small archive of some members of a real one, made in the test's own folder."""
    from keypoints.archives import members

    if not (REAL / file).is_file():
        pytest.skip(f"{file} is not in ../shared/data")
    return as_tar(tmp_path / "real", dict(members(REAL / file, keep)))


def inside(table: pd.DataFrame) -> float:
    """The share of points that lie inside of their image."""
    points = [np.reshape(row.points, (-1, 2)) / (row.width, row.height) for row in table.itertuples()]
    return float(np.mean([(p > 0).all(-1) & (p < 1).all(-1) for p in points]))


def test_real_imm(tmp_path):
    path = cut_down(tmp_path, "imm_face_db.tar.gz", lambda name: "/01-" in name or "/40-" in name)
    table = imm.parse(path, 1, 0.0)
    assert len(table) == 12 and set(table["group"]) == {"01", "40"} and inside(table) == 1
    assert (table["width"] == 640).all() and (table["height"] == 480).all()


def test_real_ibug(tmp_path):
    def keep(name):
        return name.endswith(".xml") or "/helen/testset/" in name

    path = cut_down(tmp_path, "ibug_300W_large_face_landmark_dataset.tar.gz", keep)
    table = ibug.parse(path, 1, 1.0)
    assert set(table["subset"].str.removesuffix(" mirrored")) == {"helen/testset"} and inside(table) > 0.99
    assert len(table) > 300 and (table["split_300w"] == "test").sum() == 330
    assert set(table["split_300w"]) == {"test", ""}


def test_real_youtube(tmp_path):
    def keep(name):
        return name.endswith(".csv") or "/test/A" in name

    table = youtube.parse(cut_down(tmp_path, "P1_Facial_Keypoints-master.zip", keep), 1, 1.0)
    assert len(table) > 20 and inside(table) > 0.98 and table["group"].str.fullmatch(r"A.*[^0-9]").all()
