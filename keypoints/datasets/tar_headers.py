"""Checks the headers of tar members from untrusted archives, before the standard reader relies on them.

That reader takes a bad header for the end of the archive, seeks for hours after a size that no file has,
keeps every extended header, lists the holes of sparse files without end, and searches pax headers in
quadratic time.
"""

from __future__ import annotations

import re
import tarfile
from typing import Any, Self

HEADER = 2**16  # bytes of one extended header
HEADERS = 2**24  # of all extended headers of an archive
SIZE = 8 * 2**30  # of a member, also of those that are passed over: all that an archive may unpack to

_EXTENDED = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)
_DIGITS = re.compile(rb"\d{100}")


class Header(tarfile.TarInfo):
    """A member's header. Raises `tarfile.ReadError` for a bad one. Take a `fresh` class for each archive."""

    left = HEADERS

    @classmethod
    def fresh(cls) -> type[Header]:
        """A class that counts the headers of one archive."""
        return type("Header", (cls,), {"left": HEADERS})

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        info = super().frombuf(buf, encoding, errors)
        _check_size(info)
        if info.type in _EXTENDED:
            cls.left -= info.size
            if info.size > HEADER or cls.left < 0:
                raise tarfile.ReadError("an extended header is too long, or there are too many")
        if info.type == tarfile.GNUTYPE_SPARSE:
            raise tarfile.ReadError("a member is sparse")
        return info

    @classmethod
    def fromtarfile(cls, tar: tarfile.TarFile) -> Self:
        try:
            info = super().fromtarfile(tar)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]  # the zeros that end an archive
            raise
        except tarfile.HeaderError as error:
            raise tarfile.ReadError(f"{error} at byte {tar.offset}") from None
        _check_size(info)  # which a pax header may have changed
        return info

    def _proc_pax(self, tar: Any) -> Any:
        """As the standard reader's, with a look at the records before it; they are put back for it."""
        body = tar.fileobj.read(self._block(self.size))  # type: ignore[attr-defined]
        check_records(body[: self.size])
        tar.fileobj.buf = body + tar.fileobj.buf
        tar.fileobj.pos -= len(body)
        return super()._proc_pax(tar)  # type: ignore[misc]


def _check_size(info: tarfile.TarInfo) -> None:
    if not 0 <= info.size <= SIZE:
        raise tarfile.ReadError(f"{info.size} is no size of a member")


def check_records(body: bytes) -> None:
    """A pax header is records such as `30 mtime=1350244992.023960108`, each of its own length, and a newline.

    Raises `tarfile.ReadError` for anything else, for sparse members, and for runs of digits, over which the
    standard reader's expressions take quadratic time (python/cpython#121285).
    """
    place, bad = 0, bool(_DIGITS.search(body))
    while place < len(body) and not bad:
        length, _, _ = body[place : place + 8].partition(b" ")
        record = body[place : place + (int(length) if length.isdigit() else 0)]
        bad = b"=" not in record or not record.endswith(b"\n") or record.startswith(length + b" GNU.sparse.")
        place += len(record)
    if bad:
        raise tarfile.ReadError("a pax header is damaged, or of a sparse member")
