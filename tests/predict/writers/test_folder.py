"""Files of one name, as far as file systems can tell, do not overwrite each other."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from keypoints.predict.writers.folder import Folder


@pytest.mark.parametrize(
    "first, second", [("a", "a"), ("A", "a"), ("\u00e9", unicodedata.normalize("NFD", "\u00e9"))]
)
def test_names_that_some_file_system_takes_for_one_are_numbered(
    tmp_path: Path, first: str, second: str
) -> None:
    folder = Folder(tmp_path, replaces=True)
    assert folder.free(first, ".png").name == f"{first}.png"
    assert folder.free(second, ".png").name == f"{second}_2.png"
