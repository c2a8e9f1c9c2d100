"""From archives to tables of faces: what holds for every data set, and the two stages that make them."""

from __future__ import annotations

import gzip
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import stages.download
import stages.parse
from keypoints import datasets, landmarks
from keypoints.datasets import face_table
from keypoints.errors import Faults, UserError
from keypoints.landmarks import Scheme
from keypoints.paths import ROOT
from keypoints.settings import params
from tests.layouts import BUILT, COLUMNS, PEOPLE, as_tar, as_zip, imm_files, line


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
    pd.testing.assert_frame_equal(datasets.get(name).parse(other, 42, Faults("archive", 0.0)), tables[name])


@pytest.mark.parametrize("name", datasets.DATASETS)
def test_broken_and_missing_images_are_left_out_up_to_a_share(tables, tmp_path, name, capsys):
    files = BUILT[name][0]("data/imm_face_db/") if name == "imm" else BUILT[name][0]()
    gone, broken, *_ = tables[name]["file"]
    del files[gone]
    files[broken] = b"<html>"
    path = as_zip(tmp_path / name, files)
    table = datasets.get(name).parse(path, 42, Faults(path, 0.1))
    assert list(table["file"]) == list(tables[name]["file"])[2:]
    assert f"2 of {tables[name]['file'].nunique()} images left out" in capsys.readouterr().err
    with pytest.raises(UserError, match=r"profile\.max_broken = 0\.001 allows") as error:
        datasets.get(name).parse(path, 42, Faults(path, 0.001))
    assert str(path) in line(error)


@pytest.mark.parametrize("name", datasets.DATASETS)
def test_another_archive_is_named(tmp_path, name):
    path = as_zip(tmp_path / name, {"readme.txt": b"hello"})
    with pytest.raises(UserError, match="archive of another data set") as error:
        datasets.get(name).parse(path, 42, Faults(path, 0.1))
    assert str(path) in line(error)


@pytest.mark.parametrize("name", datasets.DATASETS)
def test_a_truncated_archive_is_one_line(tmp_path, name):
    files = BUILT[name][0]("imm_face_db/") if name == "imm" else BUILT[name][0]()
    path = as_tar(tmp_path / name, files)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(UserError, match=f"dvc repro -f download@{name}") as error:
        datasets.get(name).parse(path, 42, Faults(path, 0.1))
    assert str(path) in line(error)


# --- missing points


def test_points_may_be_missing_only_where_a_format_can_say_so():
    gap = face_table.Face("a.jpg", (), (1.0, 2.0, math.nan, math.nan), "a", "")
    with pytest.raises(UserError, match=r"a\.jpg: point 1 is not a finite number: repair"):
        face_table.build_table(Path("own"), [gap], {"a.jpg": (9, 9)}, Faults(Path("own"), 0.0))
    table = face_table.build_table(
        Path("own"), [gap], {"a.jpg": (9, 9)}, Faults(Path("own"), 0.0), missing=True
    )
    assert table["points"][0][:2] == [1, 2] and all(map(math.isnan, table["points"][0][2:]))
    half = replace(gap, points=(1.0, 2.0, 3.0, math.nan))
    with pytest.raises(UserError, match="point 1 is not a finite number"):
        face_table.build_table(Path("own"), [half], {"a.jpg": (9, 9)}, Faults(Path("own"), 0.0), missing=True)


@given(st.permutations(range(4)))
def test_the_order_of_faces_with_gaps_does_not_matter(order):
    gaps = [
        (math.nan, math.nan, 1.0, 1.0),
        (0.0, 0.0, 1.0, 1.0),
        (math.nan,) * 4,
        (-5.0, 1.0, math.nan, math.nan),
    ]
    faces = [face_table.Face("a.jpg", (), gap, "a", "") for gap in gaps]
    ranked = sorted((faces[k] for k in order), key=face_table.rank)
    assert list(map(face_table.rank, ranked)) == sorted(map(face_table.rank, faces))


# --- drawing groups


@given(groups=st.sets(st.text(max_size=6), max_size=60), seed=st.integers(0, 2**31), order=st.randoms())
def test_the_draw_is_disjoint_of_the_share_and_blind_to_order(groups, seed, order):
    mixed = [*groups, *groups]
    order.shuffle(mixed)
    test, val = face_table.draw_groups(mixed, seed, 0.2, 0.1)
    assert [test, val] == face_table.draw_groups(sorted(groups), seed, 0.2, 0.1)
    assert not test & val and test | val <= groups
    if len(groups) > 2:
        assert len(test) == max(1, round(0.2 * len(groups))) and len(val) == max(1, round(0.1 * len(groups)))
        assert test | val != groups


def test_the_draw_follows_the_seed():
    assert face_table.draw_groups(PEOPLE, 1, 0.2) != face_table.draw_groups(PEOPLE, 2, 0.2)


@pytest.fixture
def stage(tmp_path, monkeypatch):
    """Run a stage in a folder of its own, with these settings of the profile."""

    def run(module, *arguments: str | None, may_lack: float = 0.0, **profile) -> None:
        tree = params.read(ROOT / "params.yaml") | {"seed": 7}
        tree["profile"]["faces"]["imm"] = 12
        tree["profile"] |= profile
        tree["datasets"]["imm"]["max_broken"] = may_lack
        monkeypatch.setattr("keypoints.settings.params.load", lambda: params.parse(tree))
        monkeypatch.chdir(tmp_path)
        name, *paths = arguments
        module.main(name, *(path and Path(path) for path in paths))

    return run


def test_the_parse_stage_writes_the_same_bytes_twice(tmp_path, stage, capsys):
    arguments = ("imm", "imm", "tables/imm.parquet", None)
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
    monkeypatch.setattr("keypoints.synthetic.write", lambda *args, **more: calls.append((*args, more)))
    monkeypatch.setattr("keypoints.datasets.downloads.fetch", lambda *args: calls.append(args))
    stage(stages.download, "imm", "data/imm", source="archives", mirror="m")
    stage(stages.download, "imm", "data/imm")
    out, sources = Path("data/imm"), params.load().dataset("imm")
    assert calls == [("imm", sources, "m", out), ("imm", out, {"faces": 12, "seed": 7})]
    with pytest.raises(UserError, match="datasets: there is no entry for 'chin'"):
        stage(stages.download, "chin", "data/chin", source="archives")


def test_what_is_left_out_is_listed(tmp_path, stage):
    files = imm_files("imm_face_db/")
    del files["imm_face_db/07-1m.jpg"]
    as_tar(tmp_path / "imm", files)
    arguments = ("imm", "imm", "tables/imm.parquet", "tables/left-out.csv")
    with pytest.raises(UserError, match=r"1 of 80 pictures left out.*datasets\.imm\.max_broken = 0\.01"):
        stage(stages.parse, *arguments, may_lack=0.01)
    assert not (tmp_path / "tables").exists()
    stage(stages.parse, *arguments, may_lack=0.02)
    listed = (tmp_path / "tables/left-out.csv").read_text().splitlines()
    assert listed == ["file,why", "imm_face_db/07-1m.jpg,not in the archive"]


@settings(max_examples=20, deadline=None)
@given(points=st.lists(st.tuples(st.floats(-99, 99), st.floats(-99, 99)) | st.none(), min_size=1, max_size=5))
def test_a_table_and_its_scheme_come_back(points, tmp_path_factory):
    """Gaps in the points and the scheme too, to the last bit."""
    path = tmp_path_factory.mktemp("table") / "own.parquet"
    flat = tuple(value for point in points for value in point or (math.nan, math.nan))
    faces = [face_table.Face("a.jpg", (1, 2, 3, 4), flat, "a.jpg", "all")]
    table = face_table.build_table(path, faces, {"a.jpg": (9, 9)}, Faults(path, 0.0), missing=True)
    count = len(points)
    scheme = Scheme("mine", {"all": tuple(range(count))}, (), tuple(range(count)), None, flips=False)
    face_table.save(path, table, scheme)
    back, its_scheme = face_table.load(path)
    assert its_scheme == scheme
    np.testing.assert_array_equal(back["points"][0], flat)
    pd.testing.assert_frame_equal(back.drop(columns="points"), table.drop(columns="points"))


def test_a_flipped_bit_in_the_columns_types_is_named(tables, tmp_path):
    """pyarrow then asks for integers of 41 bits, and raises a kind of its own."""
    face_table.save(tmp_path / "whole", tables["imm"], None)
    whole, said = (tmp_path / "whole").read_bytes(), set()
    for place in range(len(whole) - 260, len(whole) - 160):
        damaged = bytearray(whole)
        damaged[place] ^= 2
        (tmp_path / "a.parquet").write_bytes(damaged)
        try:
            face_table.load(tmp_path / "a.parquet")
        except UserError as error:
            said.add(str(error).partition("(")[2].partition(")")[0])
    assert "ArrowNotImplementedError" in said


@pytest.mark.parametrize("content", [b"", b"no table"])
def test_what_is_no_table_is_named(content, tmp_path):
    (tmp_path / "a.parquet").write_bytes(content)
    with pytest.raises(UserError, match=r"a\.parquet is no table of faces"):
        face_table.load(tmp_path / "a.parquet")
