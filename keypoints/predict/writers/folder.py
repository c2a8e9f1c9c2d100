"""A folder for very many files, none of which overwrites another."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from keypoints import files


class Folder:
    """A folder that one run fills with files, to be written by `files.replacing`.

    replaces: whether files that other runs wrote may be replaced
    kept:     the paths of those that are not, in any case

    What dead processes left in the folder is removed once, here. `files.whole` would look for it again at
    every file, which takes longer the more files there are: 80 ms among 100,000.
    """

    def __init__(self, path: Path, replaces: bool, kept: Iterable[str] = ()) -> None:
        self.path, self.replaces = path, replaces
        self.written: set[str] = set()  # names as `spell` has them, where files of other runs do not count
        self.kept = set(map(os.path.realpath, kept))
        if path.is_dir():
            files.sweep_below(path)

    def free(self, stem: str, ending: str) -> Path:
        """Where to write a file of this name, which may include folders; numbered where the name is taken."""
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


def spell(name: str) -> str:
    """The same spelling for names that some file systems take for one, as A.png and a.png."""
    return unicodedata.normalize("NFC", name).casefold()
