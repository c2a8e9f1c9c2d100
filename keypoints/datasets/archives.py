"""Members of a tar, a zip or a folder, read where they lie: nothing is unpacked to disk.

Archives come from the network and are not trusted: names, kinds and sizes of members are checked, and
the sizes are those that are really read, not those that a header declares. So are folders, which somebody
else may have packed.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
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
from keypoints.errors import UserError, has_controls

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
    """The archive is undamaged, but not to be trusted; the text says why."""


def kind(path: Path) -> str | None:
    """The kind of archive by its content: "zip", "tar", "gz", "bz2", "xz", or None for no archive."""
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


def members(
    path: Path, pick: Callable[[str], bool], largest: int | None = None, own: bool = False
) -> Iterator[tuple[str, bytes]]:
    """Name and content of the files in an archive that `pick` chooses by name, in its order.

    The kind of archive is recognised by its content; a folder is read like one, sorted by name, without its
    hidden files. `pick` gets names with slashes, never backslashes. `largest` limits one member, in bytes; by
    default `MEMBER`. `own`: the data are the user's own, so error messages do not offer to fetch them again.
    Raises `UserError` for an archive that is missing, damaged or cut short, for a picked member that is no
    plain file, has a name that leads out of the archive or occurs twice, and for more or larger members than
    `MEMBER`, `MEMBERS` and `TOTAL` allow.
    """
    path = Path(path)
    try:
        shape = "folder" if path.is_dir() else kind(path)
        if shape is None:
            raise _Refused("it is neither a tar nor a zip nor a folder")
        seen: set[str] = set()
        reader = _folder if shape == "folder" else _zip if shape == "zip" else _tar
        for name, data in reader(path, pick, largest or MEMBER):
            if name in seen:
                raise _Refused(f"it holds {name!r} twice")
            seen.add(name)
            yield name, data
    except FileNotFoundError:
        remedy = "name your folder or archive" if own else f"run `dvc repro download@{path.name}`"
        raise UserError(f"{path} is missing: {remedy}") from None
    except _Refused as error:
        remedy = "fix it" if own else _remedy(path, "get it from elsewhere")
        raise UserError(f"{path} is refused: {error}; {remedy}") from None
    except _DAMAGE as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise UserError(f"{path} cannot be read: {error.strerror}") from None
        why = " ".join(str(error).split()) or type(error).__name__
        remedy = "copy it again" if own else _remedy(path, "repeat")
        raise UserError(f"{path} is damaged or cut short ({why}); {remedy}") from None


def _remedy(path: Path, verb: str) -> str:
    return f"delete it and {verb}: `dvc repro -f download@{path.name}`"


def _check(name: str, plain: bool, size: int, largest: int) -> None:
    """Raise `_Refused` for a member that must not be read."""
    parts = name.split("/")
    if "\\" in name or ".." in parts or has_controls(name) or re.match(r"/|[A-Za-z]:", name):
        raise _Refused(f"the name {name!r} is unsafe")
    if not plain:
        raise _Refused(f"{name!r} is a link or a device, not a plain file")
    if size > largest:
        raise _Refused(f"{name!r} is larger than {largest} bytes")


class _Bounded:
    """The unpacked stream of a tar, which raises after TOTAL bytes and updates the progress bar."""

    def __init__(self, stream: IO[bytes], raw: IO[bytes], bar: tqdm) -> None:
        self.stream, self.raw, self.bar, self.left = stream, raw, bar, TOTAL

    def read(self, size: int) -> bytes:
        block = self.stream.read(size)
        self.left -= len(block)
        if self.left < 0:
            raise _Refused(f"it unpacks to more than {TOTAL} bytes")
        self.bar.update(self.raw.tell() - self.bar.n)
        return block


def _folder(path: Path, pick: Callable[[str], bool], largest: int) -> Iterator[tuple[str, bytes]]:
    root = path.resolve()
    names = sorted(name for name in _walk(root) if pick(name))
    for name in tqdm(names, desc=path.name, unit=" files", delay=2, leave=False):
        file = root / name
        if not file.resolve().is_relative_to(root):
            raise _Refused(f"{name!r} is a link that leads out of it")
        _check(name, file.is_file(), 0, largest)
        with open(file, "rb") as stream:
            data = stream.read(largest + 1)
        _check(name, True, len(data), largest)
        yield name, data


def _walk(root: Path) -> Iterator[str]:
    """The paths of all files below a folder, with slashes; hidden ones are left out."""
    count = 0
    for here, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".")]
        inside = Path(here).relative_to(root)
        for name in folders:
            if (Path(here) / name).is_symlink():  # which `os.walk` does not follow
                raise _Refused(f"{(inside / name).as_posix()!r} is a link to a folder: put the folder there")
        for name in names:
            count += 1
            if count > MEMBERS:
                raise _Refused(f"it has more than {MEMBERS} files")
            if not name.startswith("."):
                yield (inside / name).as_posix()


def _tar(path: Path, pick: Callable[[str], bool], largest: int) -> Iterator[tuple[str, bytes]]:
    unpack = _OPEN[kind(path) or "tar"]
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
                _check(info.name, info.isreg() and not info.issparse(), info.size, largest)
                file = tar.extractfile(info)
                assert file is not None  # a plain file, as checked
                yield info.name, file.read()
            while bounded.read(2**20):  # the compressor's own checksum comes last
                pass


def _zip(path: Path, pick: Callable[[str], bool], largest: int) -> Iterator[tuple[str, bytes]]:
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
            _check(name, mode in (0, stat.S_IFREG), info.file_size, largest)
            # The other methods unpack a block of any size at once.
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise _Refused(f"{name!r} is compressed by a method that is not read")
            with file.open(info) as member:
                data = member.read(largest + 1)
            left -= len(data)
            if len(data) > largest or left < 0:
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
