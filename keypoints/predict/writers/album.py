"""Photographs and the folder that holds them: what documents call them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path, PurePosixPath


class Album:
    """Photographs in a folder, and in folders below it.

    folder: an absolute path
    names:  the photographs, each once, by any path
    """

    def __init__(self, folder: str | Path, names: Sequence[str]) -> None:
        self.folder, self.names = Path(os.path.abspath(folder)), names

    def file(self, name: str) -> str:
        """The path of a photograph within the folder, with / between folders."""
        return Path(os.path.relpath(os.path.abspath(name), self.folder)).as_posix()

    def seen_from(self, folder: Path, file: str) -> str:
        """The path of what is `file` within the album, from another folder, in which a document lies."""
        path = os.path.join(os.path.realpath(self.folder), file)
        return Path(os.path.relpath(path, os.path.realpath(folder))).as_posix()


def album_of(named: Sequence[str], names: Sequence[str]) -> Album:
    """The photographs in files and folders that were named; the album is the deepest folder around these."""
    folders = (name if os.path.isdir(name) else os.path.dirname(name) for name in named)
    return Album(os.path.commonpath([os.path.abspath(folder) for folder in folders]), names)


def without_ending(file: str) -> str:
    return PurePosixPath(file).with_suffix("").as_posix()
