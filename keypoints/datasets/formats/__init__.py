"""People's own annotations: every format is recognised by its content and read into the same faces.

A format's module has CONVENTION, `claims(name, document)` and `read(source, documents)`. To add a format,
write its file and add its name here; its writer is in `predict.writers`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

from keypoints.datasets import archives
from keypoints.datasets.formats import csv_tables, documents, rules
from keypoints.datasets.formats.annotated import Annotated
from keypoints.datasets.formats.assembly import assemble
from keypoints.datasets.formats.documents import Broken, Source, Text
from keypoints.datasets.formats.marks import LeftOut
from keypoints.errors import UserError

__all__ = ["FORMATS", "Annotated", "LeftOut", "get", "members", "read"]

FORMATS = ("coco", "dlib_xml", "labelme", "label_studio", "pts", "wflw", "csv_tables", "json_lines")


def get(name: str) -> ModuleType:
    """The module of the format `name`. Raises KeyError for an unknown one."""
    if name not in FORMATS:
        raise KeyError(name)
    return import_module(f"keypoints.datasets.formats.{name}")


def read(source: Path, max_broken: float = 0.0, kind: str | None = None) -> Annotated:
    """The annotated faces of a folder or an archive (zip, tar), whatever format its content shows.

    `kind`, one of `FORMATS`, says which annotations to read if there are several formats. Raises `UserError`
    if there are no annotations, or some of two formats, and if more than the share `max_broken` (0…1) of the
    faces is broken.
    """
    found = documents.read(Path(source))
    claimed = {
        name: {each: doc for each, doc in found.documents.items() if get(name).claims(each, doc)}
        for name in ((kind,) if kind else FORMATS)
    }
    kinds = [name for name, each in claimed.items() if each]
    if len(kinds) != 1:
        raise UserError(_unclear(found, kinds, claimed))
    module = get(kinds[0])
    marks = module.read(found, claimed[kinds[0]])
    marks.left_out += [
        LeftOut(name, each.why) for name, each in found.documents.items() if isinstance(each, Broken)
    ]
    return assemble(found, kinds[0], module.CONVENTION, marks, rules.read(found), max_broken)


def members(source: Path, pick: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    """Name and content of the pictures that `pick` chooses, as `archives.members` gives them.

    Pictures that a table holds in its cells are among them.
    """

    def pick_tables(name: str) -> bool:
        return pick(name) or (documents.is_wanted(name) and name.lower().endswith((".csv", ".tsv", ".txt")))

    for name, data in archives.members(source, pick_tables, documents.TABLE, own=True):
        if pick(name):
            yield name, data
        elif csv_tables.has_pictures(document := Text(data)):
            yield from (
                (each, content) for each, content in csv_tables.pictures({name: document}) if pick(each)
            )


def _unclear(source: Source, kinds: list[str], claimed: dict[str, dict]) -> str:
    if kinds:
        both = " and ".join(f"{next(iter(claimed[kind]))} ({kind})" for kind in kinds[:2])
        return f"{source.path}: annotations of two formats, {both}: keep one, or name the format"
    for name, each in source.documents.items():
        if isinstance(each, Broken):
            return f"{source.path}: {name}: {each.why}: save it again"
    pictures = f"{len(source.sizes)} pictures and {len(source.documents)} other files"
    known = ", ".join(FORMATS)
    return f"{source.path}: {pictures}, and no annotation of points among them: put it there, in {known}"
