"""Files appear whole or not at all, and with the same bytes everywhere; hashes of files."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


@contextmanager
def whole(path: str | Path) -> Iterator[Path]:
    """A temporary name beside `path`, renamed to it when the block ends without an error."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}{path.suffix}")
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def save_arrays(path: str | Path, arrays: Mapping[str, ArrayLike]) -> None:
    """One uncompressed .npz, for `numpy.load`, whose bytes follow from the arrays alone.

    Those of `numpy.savez` do not: it always asks for ZIP64, and patches of Python differ in what they write
    then (3.11.2 and 3.11.7; python/cpython#103861). Arrays of objects raise ValueError.
    """
    import numpy as np

    with whole(path) as part, zipfile.ZipFile(part, "w") as archive:
        for name, values in arrays.items():
            array = np.asanyarray(values)
            entry = zipfile.ZipInfo(f"{name}.npy")  # dated 1980
            entry.file_size = array.nbytes  # ZIP64 only where it is needed
            with archive.open(entry, "w") as file:
                np.lib.format.write_array(file, array, allow_pickle=False)


def save_tar(path: str | Path, members: Iterable[tuple[str, bytes]]) -> int:
    """One tar of these (name, content), without times and owners; how many they are."""
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
