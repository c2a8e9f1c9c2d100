"""The data sets: each module reads one archive in its official layout into a table of faces.

A module has SCHEME (of `keypoints.landmarks`), SPLITS (the names of its protocols) and
`parse(archive, seed, max_broken)`; add a data set by adding its file and one line here.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

DATASETS = {
    "imm": "keypoints.datasets.imm",
    "ibug": "keypoints.datasets.ibug",
    "youtube": "keypoints.datasets.youtube",
}


def get(name: str) -> ModuleType:
    """The module of the data set `name`, imported now. Raises KeyError for an unknown one."""
    return import_module(DATASETS[name])
