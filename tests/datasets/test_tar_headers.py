"""Headers of tar members that lie, run on or never end."""

from __future__ import annotations

import gzip
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keypoints.datasets import archives, tar_headers
from keypoints.errors import UserError


def header(name: str, size: int, kind: bytes = tarfile.REGTYPE, **pax: str) -> bytes:
    """A member's header, with a size that need not be its own."""
    info = tarfile.TarInfo(name)
    info.size, info.type, info.pax_headers = size, kind, pax
    return info.tobuf(tarfile.PAX_FORMAT if pax else tarfile.GNU_FORMAT)


def extended(body: bytes, kind: bytes = tarfile.XHDTYPE) -> bytes:
    return header("x", len(body), kind) + body + bytes(-len(body) % 512)


def record(key: bytes, value: bytes) -> bytes:
    size = len(key) + len(value) + 3
    length = next(n for n in range(size, size + 9) if n == size + len(str(n)))
    return b"%d %s=%s\n" % (length, key, value)


def read(path: Path, data: bytes) -> dict[str, bytes]:
    path.write_bytes(gzip.compress(data + bytes(1024), 1))
    return dict(archives.members(path, lambda name: name == "a"))


WHOLE = header("a", 3) + b"abc" + bytes(509)


def test_records_and_long_names_are_read_as_ever(tmp_path: Path) -> None:
    name = "folder/" * 40 + "a"
    data = header(name, 3, mtime="1350244992.023960108", comment="two\nlines") + WHOLE[512:]
    (tmp_path / "imm").write_bytes(data + bytes(1024))
    assert dict(archives.members(tmp_path / "imm", bool)) == {name: b"abc"}


@given(st.lists(st.tuples(st.binary(min_size=1, max_size=20), st.binary(max_size=300)), max_size=8))
def test_every_whole_record_passes(pairs: list[tuple[bytes, bytes]]) -> None:
    tar_headers.check_records(b"".join(record(b"k" + key.replace(b"=", b"-"), value) for key, value in pairs))


@given(st.binary(max_size=60), st.integers(0, 40))
def test_what_remains_after_damage_is_refused_or_records(noise: bytes, place: int) -> None:
    body = bytearray(record(b"path", b"a/b") + record(b"mtime", b"1.5"))
    body[place : place + len(noise)] = noise
    try:
        tar_headers.check_records(bytes(body))
    except tarfile.ReadError:
        return
    assert not body or body.endswith(b"\n")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(header("b", 2**60), id="size of no file"),
        pytest.param(header("b", -512), id="size below 0"),
        pytest.param(extended(record(b"size", b"-512")) + WHOLE, id="pax size below 0"),
        pytest.param(extended(record(b"size", b"9" * 18)) + WHOLE, id="pax size of no file"),
        pytest.param(extended(b"1" * 60_000) + WHOLE, id="digits"),
        pytest.param(extended(record(b"comment", b"1" * 60_000)) + WHOLE, id="digits in a value"),
        pytest.param(extended(b"3 a" * 10_000 + b"=") + WHOLE, id="records that overlap"),
        pytest.param(extended(b"0 a=b\n") + WHOLE, id="record of no length"),
        pytest.param(extended(record(b"GNU.sparse.major", b"1")) + WHOLE, id="sparse by pax"),
        pytest.param(header("b", 512, tarfile.GNUTYPE_SPARSE) + b"\1" * 512 * 40, id="sparse"),
        pytest.param(header("b", 2**40, tarfile.GNUTYPE_LONGNAME), id="endless name"),
        pytest.param(extended(record(b"path", b"a")) * 2000, id="headers of headers"),
    ],
)
def test_hostile_headers_are_one_line(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(UserError, match="damaged or cut short") as error:
        read(tmp_path / "imm", data + WHOLE)
    assert "\n" not in str(error.value)


def test_headers_are_bounded_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tar_headers, "HEADERS", 10_000)
    few = extended(record(b"comment", b"-" * 4000))
    assert read(tmp_path / "imm", few + WHOLE) == read(tmp_path / "imm", few + WHOLE) == {"a": b"abc"}
    with pytest.raises(UserError, match="too many"):
        read(tmp_path / "imm", (few + header("b", 0)) * 3 + WHOLE)
