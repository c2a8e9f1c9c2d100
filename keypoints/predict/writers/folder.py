"""A folder for very many files, none of which overwrites another."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

from keypoints import files


class Folder:
    """A folder that one run fills with files, to be written by `files.replacing`.

    replaces: whether files that other runs wrote may be replaced

    What dead processes left in the folder is removed once, here. `files.whole` would look for it again at
    every file, which takes longer the more files there are: 80 ms among 100,000.
    """

    def __init__(self, path: Path, replaces: bool) -> None:
        self.path, self.replaces = path, replaces
        self.written: set[str] = set()  # names as `spell` has them, where files of other runs do not count
        if path.is_dir():
            files.sweep_below(path)

    def free(self, stem: str, ending: str) -> Path:
        """Where to write a file of this name, which may include folders; numbered where the name is taken."""
        name, number = f"{stem}{ending}", 2
        while spell(name) in self.written if self.replaces else os.path.lexists(self.path / name):
            name, number = f"{stem}_{number}{ending}", number + 1
        if self.replaces:
            self.written.add(spell(name))
        return self.path / name


def spell(name: str) -> str:
    """The same spelling for names that some file systems take for one, as A.png and a.png."""
    return unicodedata.normalize("NFC", name).casefold()
