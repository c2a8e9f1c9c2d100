"""A folder for very many files, none of which overwrites another."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from keypoints import files


class Folder:
    """A folder that one run fills, file by file, each there when it is whole.

    replaces: whether files that other runs wrote may be replaced
    kept:     the paths of those that are not, in any case

    What dead processes left in it is removed once. `files.whole` looks for that beside every single file,
    which takes longer the more there are: 80 ms among 100,000.
    """

    def __init__(self, path: Path, replaces: bool, kept: Iterable[str] = ()) -> None:
        self.path, self.replaces = path, replaces
        self.written: set[str] = set()  # where what was there before does not count; see `spell`
        self.kept = set(map(os.path.realpath, kept))
        if path.is_dir():
            files.sweep_below(path)

    def free(self, stem: str, ending: str) -> Path:
        """Where to write a file of this name, which may have folders; numbered where there is one."""
        name, number = f"{stem}{ending}", 2
        while self._is_taken(name):
            name, number = f"{stem}_{number}{ending}", number + 1
        if self.replaces:
            self.written.add(spell(name))
        return self.path / name

    def _is_taken(self, name: str) -> bool:
        path = self.path / name
        if not self.replaces:
            return os.path.lexists(path)
        return spell(name) in self.written or os.path.realpath(path) in self.kept

    @contextmanager
    def whole(self, path: Path) -> Iterator[Path]:
        """A temporary name beside `path`, renamed to it when the block ends without an error."""
        path.parent.mkdir(parents=True, exist_ok=True)
        part = files.temporary_name(path)
        try:
            yield part
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)


def spell(name: str) -> str:
    """What is the same for names that some file systems take for one, as A.png and a.png."""
    return unicodedata.normalize("NFC", name).casefold()
