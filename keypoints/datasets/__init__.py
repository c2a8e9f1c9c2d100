"""The data sets: each module reads one archive in its official layout into a table of faces.

A module has SCHEME (of `keypoints.landmarks`), SPLITS (the names of its protocols) and
`parse(archive, seed, faults)`. Add a data set by its file, its name here, and its addresses in
conf/config.yaml. What is annotated in a format of `formats` needs no module: `own` reads it.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

DATASETS = ("imm", "ibug", "youtube")


def get(name: str) -> ModuleType:
    """The module of the data set `name`, imported now. Raises KeyError for an unknown one."""
    if name not in DATASETS:
        raise KeyError(name)
    return import_module(f"keypoints.datasets.{name}")
