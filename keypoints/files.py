"""Files appear whole or not at all, with the same bytes everywhere, and are read only if undamaged.

What this project writes as a zip (.npz, .pt) or as ONNX ends with the SHA-256 of all that comes before: in
the zip's comment, or in the graph's last metadata. So one flipped bit is noticed, and other programs can
still read the files.
"""

from __future__ import annotations

import csv
import glob
import hashlib
import io
import math
import os
import re
import shutil
import struct
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from keypoints.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike

_TEMPORARY = re.compile(r"\.(?P<name>.+)\.(?P<process>\d{1,10})\.part(?P<ending>(?:\.[^.]+)?)")
_ZIP = b"PK\x03\x04"
_ZIP_HEADER = 30  # bytes before a member's name, the last of them the lengths of name and extra field
_ZIP_SEAL = b"sha256="
_ONNX_SEAL = b"\x72\x4a\x0a\x06sha256\x12\x40"  # protobuf: a metadata_props of 74 bytes, key and value
_HEX = 64  # characters of a SHA-256
Layout = Mapping[str, tuple[str, str]]  # name -> dtype and shape of an array: see `load_arrays`


@contextmanager
def whole(path: str | Path) -> Iterator[Path]:
    """As `replacing`, after removing what dead processes left for `path`.

    A symbolic link is followed, unless it leads to a read-only file: such links point into DVC's cache and
    are replaced. A pipe or a device is written directly.
    """
    path = Path(path)
    if path.exists() and not path.is_file() and not path.is_dir():
        yield path
        return
    if path.is_symlink() and not (path.exists() and path.stat().st_mode & 0o222 == 0):
        path = Path(os.path.realpath(path))
    sweep(path)
    with replacing(path) as part:
        yield part


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary name beside `path`, renamed to it when the block ends without an error; else removed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = temporary_name(path)
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def write_csv(path: str | Path, header: Sequence[str], rows: Iterable[Iterable[object]]) -> None:
    """Write a CSV in UTF-8 with Unix line ends; undecodable bytes (lone surrogates) are escaped."""
    with (
        whole(path) as part,
        open(part, "w", newline="", encoding="utf-8", errors="backslashreplace") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def temporary_name(path: Path) -> Path:
    """A hidden name beside `path` for this process alone, with the same suffix."""
    return path.with_name(f".{path.name}.{os.getpid()}.part{path.suffix}")


def sweep(path: Path) -> list[Path]:
    """Remove the temporary files and folders for `path` that dead processes left, and return their paths."""
    return _sweep(path.parent.glob(f".{glob.escape(path.name)}.*"))


def sweep_below(folder: Path) -> list[Path]:
    """As `sweep`, for everything below a folder."""
    return _sweep(folder.rglob(".*"))


def _sweep(found: Iterable[Path]) -> list[Path]:
    swept = []
    for path in list(found):
        match = _TEMPORARY.fullmatch(path.name)
        if match and match["ending"] == Path(match["name"]).suffix and not _is_alive(int(match["process"])):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
            swept.append(path)
    return swept


def _is_alive(process: int) -> bool:
    if os.name != "posix":
        return True  # elsewhere, `os.kill` would end the process
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # somebody else's
        return True
    try:  # a zombie, whose parent has not collected its exit status, still answers
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:  # another system, or it ended just now
        return not Path("/proc").is_dir()


def save_arrays(path: str | Path, arrays: Mapping[str, ArrayLike]) -> None:
    """Write one uncompressed .npz, for `numpy.load`, whose bytes follow from the arrays alone.

    Those of `numpy.savez` do not: it always forces ZIP64, which patch releases of Python write differently
    (3.11.2 and 3.11.7; python/cpython#103861). Raises ValueError for arrays of objects.
    """
    import numpy as np

    with whole(path) as part, zipfile.ZipFile(part, "w") as archive:
        for name, values in arrays.items():
            array = np.asanyarray(values)
            entry = zipfile.ZipInfo(f"{name}.npy")  # dated 1980
            entry.file_size = array.nbytes  # ZIP64 only where it is needed
            with archive.open(entry, "w") as file:
                np.lib.format.write_array(file, array, allow_pickle=False)
        archive.close()  # before the digest is taken
        seal(part)


def load_arrays(
    path: str | Path, layout: Layout, missing: tuple[str, ...] = (), mapped: tuple[str, ...] = ()
) -> dict[str, np.ndarray]:
    """Read what `save_arrays` wrote: at least the arrays of a layout.

    `layout`: name -> dtype ("u1", "f4", "U" for text of any length, …) and shape, as ("f4", "N K 2"); the
    same letter stands for the same length throughout. Floats must be finite, except for the arrays in
    `missing`, which may have NaN. The arrays in `mapped` are memory-mapped, read-only.
    Raises `UserError` for a file that is missing, damaged or holds anything else.
    """
    import numpy as np

    try:
        check_seal(path)
        if not zipfile.is_zipfile(path):
            raise ValueError("it holds no arrays")
        with np.load(path, allow_pickle=False) as arrays:
            found = {name: _map(path, name) if name in mapped else arrays[name] for name in arrays.files}
        _check_layout(found, layout, missing)
    except FileNotFoundError:
        raise UserError(f"{path} is missing: run `dvc repro`") from None
    except Exception as error:  # numpy and zipfile raise nearly anything for a damaged file
        why = " ".join(str(error).split()) or type(error).__name__
        raise UserError(f"{path} is damaged or of another kind ({why[:200]}): run `dvc repro`") from None
    return found


def _map(path: str | Path, name: str) -> np.ndarray:
    """An array of an uncompressed .npz, memory-mapped read-only. Raises ValueError."""
    import numpy as np

    with zipfile.ZipFile(path) as archive:
        entry = archive.getinfo(f"{name}.npy")
    with open(path, "rb") as file:
        file.seek(entry.header_offset)
        header = file.read(_ZIP_HEADER)
        start = entry.header_offset + _ZIP_HEADER + sum(struct.unpack("<HH", header[-4:]))
        file.seek(start)
        read = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[np.lib.format.read_magic(file)]
        shape, columns_first, kind = read(file)
        offset = file.tell()
    size = math.prod(shape) * kind.itemsize
    if kind.hasobject or columns_first or offset + size != start + entry.file_size:
        raise ValueError(f"{name} is of another size or kind")
    return np.memmap(path, kind, "r", offset, shape) if size else np.zeros(shape, kind)


def scratch(folder: Path, shape: tuple[int, ...]) -> np.ndarray:
    """A uint8 array of zeros in an unnamed file in `folder`, for what may be larger than the memory.

    Raises OSError where the disk has no room for it.
    """
    import numpy as np

    size = math.prod(shape)
    if not size:
        return np.zeros(shape, np.uint8)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        if hasattr(os, "posix_fallocate"):  # a full disk that is noticed later kills the process
            os.posix_fallocate(file.fileno(), 0, size)
        return np.memmap(file, np.uint8, "w+", 0, shape)


def _check_layout(arrays: Mapping[str, np.ndarray], layout: Layout, missing: tuple[str, ...]) -> None:
    """Raise ValueError for the first array that is missing or not as the layout says."""
    import numpy as np

    lengths: dict[str, int] = {}
    for name, (kind, shape) in layout.items():
        if name not in arrays:
            raise ValueError(f"{name} is not in it")
        array, letters = arrays[name], shape.split()
        own = f"{array.dtype.kind}{array.dtype.itemsize}"
        if not own.startswith(kind) or array.ndim != len(letters):
            raise ValueError(f"{name} is {own} of shape {array.shape}, not {kind} of ({shape})")
        for letter, length in zip(letters, array.shape, strict=True):
            if length != (int(letter) if letter.isdigit() else lengths.setdefault(letter, length)):
                raise ValueError(f"{name} has the shape {array.shape}, not ({shape}) as the others")
        wrong = np.isinf if name in missing else lambda values: ~np.isfinite(values)
        if array.dtype.kind == "f" and wrong(array).any():
            raise ValueError(f"{name} holds what is no finite number")


def seal(path: str | Path) -> None:
    """Append its SHA-256 to a finished zip without a comment, or to an ONNX file."""
    with open(path, "r+b") as file:
        tag = _ZIP_SEAL if file.read(4) == _ZIP else _ONNX_SEAL
        if tag == _ZIP_SEAL:
            file.seek(-2, os.SEEK_END)  # the length of the comment
            file.write(struct.pack("<H", len(tag) + _HEX))
        file.seek(0, os.SEEK_END)
        file.write(tag)
        file.seek(0)
        found = hashlib.file_digest(file, "sha256").hexdigest()
        file.write(found.encode())


def check_seal(path: str | Path) -> None:
    """Raise ValueError for a file that changed after `seal`, and for a zip that is compressed.

    Files of older versions have no digest: for those, the zip's own checksums are checked.
    """
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        is_zip = file.read(4) == _ZIP
        file.seek(max(0, size - _HEX - len(_ONNX_SEAL)))
        tail = file.read()
    sealed = tail[:-_HEX].endswith((_ZIP_SEAL, _ONNX_SEAL))
    if sealed and tail[-_HEX:] != _digest_of_start(path, size - _HEX).encode():
        raise ValueError("its digest is another one")
    if not is_zip:
        return
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
            raise ValueError("it is compressed")
        if not sealed and (archive.comment or archive.testzip()):
            raise ValueError("its checksum is another one")


def _digest_of_start(path: str | Path, size: int) -> str:
    found = hashlib.sha256()
    with open(path, "rb") as file:
        while size > 0 and (block := file.read(min(size, 2**20))):
            found.update(block)
            size -= len(block)
    return found.hexdigest()


def save_tar(path: str | Path, members: Iterable[tuple[str, bytes]]) -> int:
    """Write a tar of these (name, content) without times and owners; returns their number."""
    written = 0
    with whole(path) as part, tarfile.open(part, "w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)  # its time is 0, its owner nobody
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
            written += 1
    return written


def sha256(path: str | Path) -> str:
    """The file's SHA-256 in hexadecimal."""
    return digest(path, "sha256")


def digest(path: str | Path, kind: str) -> str:
    """The file's hash of this kind, such as "md5", in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, kind).hexdigest()
