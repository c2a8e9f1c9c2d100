"""Members of a tar or zip, read straight from the archive: nothing is unpacked to disk.

Archives come from the network and are not trusted: names, kinds and sizes of members are checked, and
the sizes are those that are really read, not those that a header declares.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, cast

from tqdm import tqdm

from keypoints.datasets.tar_headers import Header
from keypoints.errors import UserError

MEMBER = 64 * 2**20  # bytes of one member
TOTAL = 8 * 2**30  # bytes of all that is unpacked in one reading
MEMBERS = 200_000
DIRECTORY = 2**24  # bytes of the list that ends a zip: its entries are read at once

_MAGIC = {b"PK\x03\x04": "zip", b"\x1f\x8b": "gz", b"BZh": "bz2", b"\xfd7zXZ\x00": "xz"}
_OPEN: dict[str, Callable[[Any], Any]] = {
    "gz": gzip.open,
    "bz2": bz2.open,
    "xz": lzma.open,
    "tar": lambda raw: raw,
}
# What the standard library raises for damaged archives (a bad bzip2 stream is a plain OSError).
_DAMAGE = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    RuntimeError,  # also of headers nested too deep, and of encrypted members
    ValueError,
)


class _Refused(Exception):
    """The archive is whole and yet not to be trusted; the text says why."""


def kind(path: Path) -> str | None:
    """What the content is: "zip", "tar", "gz", "bz2", "xz", or None for no archive."""
    with open(path, "rb") as file:
        head = file.read(tarfile.BLOCKSIZE)
    for magic, name in _MAGIC.items():
        if head.startswith(magic):
            return name
    try:
        tarfile.TarInfo.frombuf(head, "utf-8", "surrogateescape")
    except tarfile.TarError:
        return None
    return "tar"


def members(path: Path, pick: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    """Name and content of the files in an archive that `pick` chooses by name, in its order.

    The kind of archive is told by its content. `pick` is asked with backslashes turned to slashes.
    Raises `UserError` in one line for an archive that is missing, damaged or cut short, for a picked
    member that is no plain file, has a name that leads out of the archive or comes twice, and for
    more or larger members than `MEMBER`, `MEMBERS` and `TOTAL` allow.
    """
    path = Path(path)
    try:
        shape = kind(path)
        if shape is None:
            raise _Refused("it is neither a tar nor a zip")
        seen: set[str] = set()
        for name, data in _zip(path, pick) if shape == "zip" else _tar(path, _OPEN[shape], pick):
            if name in seen:
                raise _Refused(f"it holds {name!r} twice")
            seen.add(name)
            yield name, data
    except FileNotFoundError:
        raise UserError(f"{path} is missing: run `dvc repro download@{path.name}`") from None
    except _Refused as error:
        raise UserError(f"{path} is refused: {error}; {_remedy(path, 'get it from elsewhere')}") from None
    except _DAMAGE as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise UserError(f"{path} cannot be read: {error.strerror}") from None
        why = " ".join(str(error).split()) or type(error).__name__
        raise UserError(f"{path} is damaged or cut short ({why}); {_remedy(path, 'repeat')}") from None


def _remedy(path: Path, verb: str) -> str:
    return f"delete it and {verb}: `dvc repro -f download@{path.name}`"


def _check(name: str, plain: bool, size: int) -> None:
    """Raise `_Refused` for a member that must not be read."""
    parts = name.split("/")
    if "\\" in name or ".." in parts or not name.isprintable() or re.match(r"/|[A-Za-z]:", name):
        raise _Refused(f"the name {name!r} is unsafe")
    if not plain:
        raise _Refused(f"{name!r} is a link or a device, not a plain file")
    if size > MEMBER:
        raise _Refused(f"{name!r} is larger than {MEMBER} bytes")


class _Bounded:
    """The unpacked stream of a tar: ends in an error when it runs on too long, and moves the bar."""

    def __init__(self, stream: IO[bytes], raw: IO[bytes], bar: tqdm) -> None:
        self.stream, self.raw, self.bar, self.left = stream, raw, bar, TOTAL

    def read(self, size: int) -> bytes:
        block = self.stream.read(size)
        self.left -= len(block)
        if self.left < 0:
            raise _Refused(f"it unpacks to more than {TOTAL} bytes")
        self.bar.update(self.raw.tell() - self.bar.n)
        return block


def _tar(
    path: Path, unpack: Callable[[IO[bytes]], IO[bytes]], pick: Callable[[str], bool]
) -> Iterator[tuple[str, bytes]]:
    bar = tqdm(total=path.stat().st_size, desc=path.name, unit="B", unit_scale=True, delay=2, leave=False)
    with open(path, "rb") as raw, bar, unpack(raw) as stream:
        bounded = _Bounded(stream, raw, bar)
        with tarfile.open(
            fileobj=cast(IO[bytes], bounded), mode="r|", bufsize=2**18, tarinfo=Header.fresh()
        ) as tar:
            for count, info in enumerate(tar):
                if count >= MEMBERS:
                    raise _Refused(f"it has more than {MEMBERS} members")
                if info.isdir() or not pick(info.name.replace("\\", "/")):
                    continue
                _check(info.name, info.isreg() and not info.issparse(), info.size)
                file = tar.extractfile(info)
                assert file is not None  # a plain file, as checked
                yield info.name, file.read()
            while bounded.read(2**20):  # the compressor's own checksum comes last
                pass


def _zip(path: Path, pick: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    _check_directory(path)
    with zipfile.ZipFile(path) as file:
        entries = file.infolist()
        if len(entries) > MEMBERS:
            raise _Refused(f"it has more than {MEMBERS} members")
        left = TOTAL
        for info in tqdm(entries, desc=path.name, unit=" members", delay=2, leave=False):
            name = info.orig_filename
            if name.endswith("/") or not pick(name.replace("\\", "/")):
                continue
            mode = stat.S_IFMT(info.external_attr >> 16)
            _check(name, mode in (0, stat.S_IFREG), info.file_size)
            # The other methods unpack a block of any size at once.
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise _Refused(f"{name!r} is compressed by a method that is not read")
            with file.open(info) as member:
                data = member.read(MEMBER + 1)
            left -= len(data)
            if len(data) > MEMBER or left < 0:
                raise _Refused(f"it unpacks to more than {TOTAL} bytes")
            if len(data) != info.file_size:
                raise zipfile.BadZipFile(f"{name!r} is shorter than declared")
            yield name, data


def _check_directory(path: Path) -> None:
    """Raise `_Refused` for a zip that lists more than a data set has, before the list is read."""
    with open(path, "rb") as file:
        end = zipfile._EndRecData(file)  # type: ignore[attr-defined]  # also of ZIP64
    if end and end[zipfile._ECD_SIZE] > DIRECTORY:  # type: ignore[attr-defined]
        raise _Refused(f"its list of members is longer than {DIRECTORY} bytes")
