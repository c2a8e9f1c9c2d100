"""Files that carry their digest, and arrays that are what their layout says."""

from __future__ import annotations

import errno
import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keypoints import files
from keypoints.errors import UserError

ARRAYS = {"points": np.arange(12, dtype=np.float32).reshape(3, 2, 2), "name": np.array(["a", "bc", ""])}
LAYOUT = {"points": ("f4", "N K 2"), "name": ("U", "N")}


def sealed(folder: Path, kind: str) -> Path:
    path = folder / f"file.{kind}"
    if kind == "npz":
        files.save_arrays(path, ARRAYS)
    else:
        path.write_bytes(b"\x08\x09" + bytes(range(250)))  # as little of ONNX as of anything
        files.seal(path)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


def test_arrays_come_back_and_other_programs_read_them(folder: Path) -> None:
    path = sealed(folder, "npz")
    found = files.load_arrays(path, LAYOUT)
    for arrays in (found, np.load(path)):
        assert list(arrays) == list(ARRAYS)
        for name, array in ARRAYS.items():
            np.testing.assert_array_equal(arrays[name], array)
    assert zipfile.ZipFile(path).testzip() is None


@given(
    st.lists(st.integers(0, 5), min_size=0, max_size=3).map(tuple),
    st.sampled_from(["u1", "<i4", "<f8", "<U3", ">f4"]),
)
def test_a_mapped_array_is_the_one_that_was_saved(folder: Path, shape: tuple[int, ...], kind: str) -> None:
    saved = np.arange(np.prod(shape)).astype(kind).reshape(shape)
    files.save_arrays(folder / "mapped.npz", {"first": np.ones(3), "array": saved})
    array = files.load_arrays(folder / "mapped.npz", {}, mapped=("array",))["array"]
    assert array.dtype == saved.dtype and array.shape == saved.shape
    np.testing.assert_array_equal(array, saved)
    assert isinstance(array, np.memmap) == bool(saved.size) and not (saved.size and array.flags.writeable)


def test_a_header_that_promises_more_than_there_is_is_refused(tmp_path: Path) -> None:
    header = io.BytesIO()
    np.lib.format.write_array(header, np.zeros((9, 9), np.uint8))
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("array.npy", header.getvalue()[:-1])
    with pytest.raises(UserError, match="damaged"):
        files.load_arrays(tmp_path / "a.npz", {}, mapped=("array",))


def test_scratch_is_zeros_without_a_name(tmp_path: Path) -> None:
    room = files.scratch(tmp_path / "new", (3, 2))
    assert not room.any() and not list((tmp_path / "new").iterdir())
    room[1, 1] = 7
    assert room.sum() == 7 and files.scratch(tmp_path, (0, 2)).shape == (0, 2)


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="this system cannot ask for room")
def test_a_full_disk_is_found_before_scratch_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(OSError, match="No space"):
        files.scratch(tmp_path, (1,))


@pytest.mark.parametrize("kind", ["npz", "onnx"])
def test_the_digest_fits_and_the_roomrepeat(kind: str, folder: Path) -> None:
    path = sealed(folder, kind)
    files.check_seal(path)
    once = path.read_bytes()
    assert sealed(folder, kind).read_bytes() == once


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_every_flipped_bit_of_an_npz_is_found(folder: Path, data: st.DataObject) -> None:
    whole = bytearray(sealed(folder, "npz").read_bytes())
    bit = data.draw(st.integers(0, 8 * len(whole) - 1))
    whole[bit // 8] ^= 1 << bit % 8
    path = folder / "flipped.npz"
    path.write_bytes(whole)
    with pytest.raises(UserError, match=r"flipped\.npz is damaged"):
        files.load_arrays(path, LAYOUT)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_flipped_bit_of_onnx_is_found(folder: Path, data: st.DataObject) -> None:
    whole = bytearray(sealed(folder, "onnx").read_bytes())
    place = data.draw(st.integers(0, len(whole) - 77) | st.integers(len(whole) - 64, len(whole) - 1))
    bit = 8 * place + data.draw(st.integers(0, 7))  # of all but the words that say that a digest follows
    whole[bit // 8] ^= 1 << bit % 8
    path = folder / "flipped.onnx"
    path.write_bytes(whole)
    with pytest.raises(ValueError, match="digest"):
        files.check_seal(path)


def test_files_without_a_digest_are_read_by_their_checksums(folder: Path) -> None:
    path = folder / "old.npz"
    np.savez(path, **ARRAYS)
    files.load_arrays(path, LAYOUT)
    damaged = bytearray(path.read_bytes())
    damaged[damaged.index(ARRAYS["points"].tobytes()) + 5] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(UserError, match="damaged"):
        files.load_arrays(path, LAYOUT)


def test_what_unpacks_to_more_is_refused(folder: Path) -> None:
    path = folder / "bomb.npz"
    np.savez_compressed(path, points=np.zeros((10**5, 2, 2), np.float32))
    with pytest.raises(UserError, match="compressed"):
        files.load_arrays(path, {})


@pytest.mark.parametrize(
    "name, array, says",
    [
        ("points", None, "points is not in it"),
        ("points", ARRAYS["points"].astype(np.float64), "points is f8 of shape (3, 2, 2), not f4"),
        ("points", ARRAYS["points"][0], "points is f4 of shape (2, 2), not f4 of (N K 2)"),
        ("points", ARRAYS["points"][:, :, :1], "points has the shape (3, 2, 1)"),
        ("points", ARRAYS["points"] * np.float32("nan"), "points holds what is no finite number"),
        ("points", np.full_like(ARRAYS["points"], np.inf), "points holds what is no finite number"),
        ("name", ARRAYS["name"][:2], "name has the shape (2,)"),
        ("name", np.zeros(3), "name is f8"),
    ],
)
def test_the_first_array_that_is_wrong_is_named(name, array, says: str, tmp_path: Path) -> None:
    arrays = {**ARRAYS, name: array} if array is not None else {k: v for k, v in ARRAYS.items() if k != name}
    files.save_arrays(tmp_path / "a.npz", arrays)
    with pytest.raises(UserError) as error:
        files.load_arrays(tmp_path / "a.npz", LAYOUT)
    assert says in str(error.value) and "\n" not in str(error.value)


def test_missing_values_are_nan_and_nothing_else(tmp_path: Path) -> None:
    points = ARRAYS["points"].copy()
    points[0] = np.nan
    files.save_arrays(tmp_path / "a.npz", {**ARRAYS, "points": points})
    assert np.isnan(files.load_arrays(tmp_path / "a.npz", LAYOUT, missing=("points",))["points"][0]).all()
    points[1] = np.inf
    files.save_arrays(tmp_path / "a.npz", {**ARRAYS, "points": points})
    with pytest.raises(UserError, match="no finite number"):
        files.load_arrays(tmp_path / "a.npz", LAYOUT, missing=("points",))


def test_a_table_has_any_text_in_lines_of_unix(tmp_path: Path) -> None:
    files.write_csv(tmp_path / "a.csv", ["file", "why"], [["a.jpg", 'it is "cut"'], ["\ud83d.jpg", "é\n"]])
    assert (tmp_path / "a.csv").read_bytes() == (
        b'file,why\na.jpg,"it is ""cut"""\n\\ud83d.jpg,"' + "é\n".encode() + b'"\n'
    )


def test_a_pipe_takes_what_is_written_and_stays_one(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    for name in ("pipe", "link"):
        reading = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
        files.write_csv(tmp_path / name, ["a"], [[1]])
        assert os.read(reading, 99) == b"a\n1\n"
        os.close(reading)
    assert (tmp_path / "pipe").is_fifo() and (tmp_path / "link").is_symlink()


def test_what_a_link_leads_to_is_replaced_and_the_link_stays(tmp_path: Path) -> None:
    """Whether it is there already or not; not by an error."""
    (tmp_path / "far").mkdir()
    (tmp_path / "link").symlink_to("far/file")
    for text in ("once", "twice"):
        with files.whole(tmp_path / "link") as part:
            part.write_text(text)
        assert (tmp_path / "far/file").read_text() == text
    with pytest.raises(KeyError), files.whole(tmp_path / "link"):
        raise KeyError
    assert (tmp_path / "link").is_symlink() and (tmp_path / "far/file").read_text() == "twice"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["far", "file", "link"]


def test_a_link_into_dvcs_cache_is_replaced_itself(tmp_path: Path) -> None:
    (tmp_path / "cached").write_text("kept")
    (tmp_path / "cached").chmod(0o444)
    (tmp_path / "out").symlink_to("cached")
    with files.whole(tmp_path / "out") as part:
        part.write_text("new")
    assert (tmp_path / "cached").read_text() == "kept" and (tmp_path / "out").read_text() == "new"
