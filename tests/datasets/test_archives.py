"""Reading archives that are not trusted."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keypoints.datasets import archives
from keypoints.errors import UserError

FILES = {"top/a.txt": b"a" * 1000, "top/b/c.txt": b"", "d.bin": bytes(range(256)) * 40}


def tar_of(files: dict[str, bytes], **changes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            for key, value in changes.items():
                setattr(info, key, value)
            tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def zip_of(files: dict[str, bytes], mode: int = 0, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, data in files.items():
            info = zipfile.ZipInfo("x")
            info.filename = info.orig_filename = name
            info.external_attr, info.compress_type = mode << 16, method
            file.writestr(info, data)
    return buffer.getvalue()


PACK = {
    "tar": tar_of,
    "gz": lambda files: gzip.compress(tar_of(files)),
    "bz2": lambda files: bz2.compress(tar_of(files)),
    "xz": lambda files: lzma.compress(tar_of(files)),
    "zip": zip_of,
}


def read(path: Path, data: bytes, pick=lambda name: True) -> dict[str, bytes]:
    path.write_bytes(data)
    return dict(archives.members(path, pick))


def refusal(path: Path, data: bytes, pick=lambda name: True) -> str:
    with pytest.raises(UserError) as error:
        read(path, data, pick)
    text = str(error.value)
    assert "\n" not in text and str(path) in text
    return text


@pytest.mark.parametrize("kind", PACK)
def test_content_tells_the_kind_and_order_is_kept(tmp_path, kind):
    path = tmp_path / "imm"
    assert list(read(path, PACK[kind](FILES)).items()) == list(FILES.items())
    assert archives.kind(path) == kind


def test_only_wanted_members_are_given(tmp_path):
    for pack in PACK.values():
        assert list(read(tmp_path / "a", pack(FILES), lambda name: name.endswith("c.txt"))) == ["top/b/c.txt"]


@settings(max_examples=60, deadline=None)
@given(kind=st.sampled_from(sorted(PACK)), share=st.floats(0, 1, exclude_max=True))
def test_every_truncation_is_an_error(tmp_path_factory, kind, share):
    data = PACK[kind]({name: data + name.encode() * 50 for name, data in FILES.items()})
    # A plain tar is padded with zeros after its end, which may be cut without harm.
    length = len(data.rstrip(b"\0")) if kind == "tar" else len(data)
    text = refusal(tmp_path_factory.getbasetemp() / "cut", data[: int(share * length)])
    assert "delete it" in text and "dvc repro -f download@cut" in text


def test_a_damaged_header_is_not_taken_for_the_end(tmp_path):
    data = bytearray(tar_of(FILES))
    data[data.index(b"d.bin")] ^= 1
    assert "damaged" in refusal(tmp_path / "imm", bytes(data))


def test_a_checksum_that_comes_last_is_read(tmp_path):
    data = gzip.compress(tar_of(FILES) + bytes(2**21))
    assert read(tmp_path / "imm", data) == FILES
    assert "delete it" in refusal(tmp_path / "imm", data[:-5])


@pytest.mark.parametrize("kind", ["gz", "zip"])
def test_a_flipped_byte_fails_the_checksum(tmp_path, kind):
    data = bytearray(PACK[kind]({"noise": bytes(i * i % 251 for i in range(5000))}))
    data[len(data) // 2] ^= 1
    refusal(tmp_path / "imm", bytes(data))


def test_what_is_no_archive(tmp_path):
    assert "neither a tar nor a zip" in refusal(tmp_path / "imm", b"<html>not found</html>")
    refusal(tmp_path / "imm", b"")
    refusal(tmp_path / "imm", gzip.compress(b"<html>not found</html>" * 50))
    with pytest.raises(UserError, match="is missing: run `dvc repro download@ibug`"):
        list(archives.members(tmp_path / "ibug", bool))


@pytest.mark.parametrize(
    "name", ["/etc/x", "../x", "a/../x", "a\\x", "..\\x", "C:/x", "a/\x1b[2Jx", "a/.."], ids=repr
)
@pytest.mark.parametrize("pack", [tar_of, zip_of])
def test_hostile_names_are_refused(tmp_path, pack, name):
    assert "unsafe" in refusal(tmp_path / "imm", pack({"good": b"1", name: b"2"}))
    assert read(tmp_path / "imm", pack({"good": b"1", name: b"2"}), lambda name: name == "good") == {
        "good": b"1"
    }


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_are_refused(tmp_path, kind):
    data = tar_of({"a.jpg": b""}, type=kind, linkname="/etc/passwd")
    assert "not a plain file" in refusal(tmp_path / "imm", data)
    assert read(tmp_path / "imm", data, lambda name: False) == {}


@pytest.mark.parametrize("mode", [0o120777, 0o010644, 0o020644])
def test_links_in_a_zip_are_refused(tmp_path, mode):
    assert "not a plain file" in refusal(tmp_path / "imm", zip_of({"a.jpg": b"/etc/passwd"}, mode))


def test_twice_the_same_name_is_refused(tmp_path):
    both = io.BytesIO()
    with tarfile.open(fileobj=both, mode="w") as tar:
        for _ in range(2):
            tar.addfile(tarfile.TarInfo("a"))
    assert "twice" in refusal(tmp_path / "imm", both.getvalue())


@pytest.mark.parametrize("kind", ["gz", "zip"])
def test_bombs_are_bounded(tmp_path, monkeypatch, kind):
    bomb = PACK[kind]({f"{k}": bytes(10_000) for k in range(9)})
    monkeypatch.setattr(archives, "MEMBER", 9_999)
    assert "larger than 9999" in refusal(tmp_path / "imm", bomb)
    monkeypatch.setattr(archives, "MEMBER", 10_000)
    monkeypatch.setattr(archives, "TOTAL", 60_000)
    assert "more than 60000" in refusal(tmp_path / "imm", bomb)
    monkeypatch.setattr(archives, "TOTAL", 10**6)
    assert len(read(tmp_path / "imm", bomb)) == 9
    monkeypatch.setattr(archives, "MEMBERS", 8)
    assert "more than 8 members" in refusal(tmp_path / "imm", bomb)


def test_a_tar_of_unwanted_zeros_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "TOTAL", 10**6)
    bomb = gzip.compress(tar_of({"zeros": bytes(2 * 10**6), "a": b"1"}))
    assert "unpacks to more" in refusal(tmp_path / "imm", bomb, lambda name: name == "a")


def test_a_lying_size_in_a_zip_is_caught(tmp_path):
    true, said = (1000).to_bytes(4, "little"), (10).to_bytes(4, "little")
    data = zip_of({"a": bytes(1000)})
    assert data.count(true) == 2  # the member's own header and the list's entry
    refusal(tmp_path / "imm", data.replace(true, said))
    refusal(tmp_path / "imm", data.replace(true, (2000).to_bytes(4, "little")))


def test_methods_that_unpack_without_bound_are_refused(tmp_path):
    data = zip_of({"a": bytes(1000)}, method=zipfile.ZIP_BZIP2)
    assert "a method that is not read" in refusal(tmp_path / "imm", data)


def test_a_zip_that_lists_too_much_is_refused_before_the_list_is_read(tmp_path, monkeypatch):
    data = zip_of({f"member {k}": b"" for k in range(20)})
    monkeypatch.setattr(archives, "DIRECTORY", 1000)
    monkeypatch.setattr(zipfile, "ZipFile", None)
    assert "its list of members is longer than 1000 bytes" in refusal(tmp_path / "imm", data)


def test_members_without_a_name_are_passed_over(tmp_path):
    assert read(tmp_path / "imm", zip_of({"": b"1", "a": b"2"}), bool) == {"a": b"2"}
    assert read(tmp_path / "imm", tar_of({"a": b"2"} | {"": b"1"}), bool) == {"a": b"2"}


# --- folders


def tree(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def test_a_folder_is_read_like_an_archive(tmp_path):
    path = tree(tmp_path / "own", FILES | {".hidden": b"x", ".git/config": b"x"})
    assert list(archives.members(path, lambda name: True)) == sorted(FILES.items())
    assert dict(archives.members(path, lambda name: name.endswith("c.txt"))) == {"top/b/c.txt": b""}


ODD = [
    "9.41.12\u202fAM.jpg",
    "写真\u30001.jpg",
    "👩\u200d🦰.jpg",
    "a\u2028b.jpg",
    "\u202egpj.exe",
]  # but not unsafe


@pytest.mark.parametrize("pack", PACK.values(), ids=PACK)
def test_names_that_people_and_systems_give_are_read(tmp_path, pack):
    files = {f"top/{name}": b"1" for name in ODD}
    assert read(tmp_path / "imm", pack(files)) == files
    assert dict(archives.members(tree(tmp_path / "own", files), lambda name: True)) == files


def test_links_never_lead_out_of_a_folder(tmp_path):
    path = tree(tmp_path / "own", FILES)
    secret = tmp_path / "secret.txt"
    secret.write_bytes(b"secret")
    (path / "inside.txt").symlink_to("top/a.txt")
    assert dict(archives.members(path, lambda name: True)) == FILES | {"inside.txt": FILES["top/a.txt"]}
    (path / "out.txt").symlink_to(secret)
    with pytest.raises(UserError, match=r"own is refused: 'out\.txt' is a link that leads out of it; fix it"):
        list(archives.members(path, lambda name: True, own=True))
    (path / "out.txt").unlink()
    (path / "folder").symlink_to(tmp_path, target_is_directory=True)
    with pytest.raises(UserError, match="'folder' is a link to a folder: put the folder there"):
        list(archives.members(path, lambda name: True, own=True))


def test_folders_have_the_bounds_of_archives(tmp_path, monkeypatch):
    path = tree(tmp_path / "own", FILES)
    with pytest.raises(UserError, match=r"'top/a\.txt' is larger than 999 bytes"):
        list(archives.members(path, lambda name: name.endswith("a.txt"), 999))
    assert len(list(archives.members(path, lambda name: name.endswith("a.txt"), 1000))) == 1
    monkeypatch.setattr(archives, "MEMBERS", 2)
    with pytest.raises(UserError, match="has more than 2 files"):
        list(archives.members(path, lambda name: True))


def test_odd_files_of_a_folder_are_refused(tmp_path):
    path = tree(tmp_path / "own", FILES | {"a\x1b[2J.txt": b""})
    with pytest.raises(UserError, match="is unsafe") as error:
        list(archives.members(path, lambda name: True, own=True))
    assert str(error.value).isprintable()
    pipes = tree(tmp_path / "pipes", {})
    pipes.mkdir()
    os.mkfifo(pipes / "pipe")
    with pytest.raises(UserError, match="'pipe' is a link or a device"):
        list(archives.members(pipes, lambda name: True, own=True))
