"""dlib's XML, as imglab has it: one list. `datasets.formats.dlib_xml` reads it and says how it counts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Self
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from keypoints import files
from keypoints.datasets.formats import dlib_xml
from keypoints.predict.writers import Unwritable
from keypoints.predict.writers.annotation_writer import Annotations, Photograph

if TYPE_CHECKING:
    from keypoints.predict.faces.face import Face

# Not in XML (https://www.w3.org/TR/xml/#charsets), or written as entities, which dlib 20 does not resolve.
_UNREADABLE = re.compile('[^\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[&<>"]')
_HEAD = "<?xml version='1.0' encoding='UTF-8'?>\n<dataset>\n  <name>faces</name>\n  <images>\n"


class DlibXml(Annotations):
    """One list of images, named from its own folder; whole pixels, since dlib reads no others."""

    CONVENTION = dlib_xml.CONVENTION
    FILE = "faces.xml"

    def __enter__(self) -> Self:
        path = self.enter_context(files.whole(self.out / self.FILE))
        self.stream = self.enter_context(open(path, "w", encoding="utf-8", newline="\n"))
        self.stream.write(_HEAD)
        self.push(self._end)
        return self

    def photograph(self, name: str, size: tuple[int, int], faces: Sequence[Face]) -> Photograph:
        if _UNREADABLE.search(self.album.seen_from(self.out, self.album.file(name))):
            raise Unwritable(f'{name}: dlib reads no &, <, > and ", nor what XML cannot have: rename it')
        return super().photograph(name, size, faces)

    def add(self, photograph: Photograph) -> None:
        width, height = photograph.size
        file = self.album.seen_from(self.out, photograph.file)
        image = Element("image", file=file, width=str(width), height=str(height))
        for face in photograph.faces:
            sides = dict(zip(("left", "top", "width", "height"), map(_whole, face.box), strict=True))
            box = SubElement(image, "box", sides)
            for name, (x, y) in zip(face.names, face.points.tolist(), strict=True):
                SubElement(box, "part", name=name, x=_whole(x), y=_whole(y))
        ElementTree.indent(image, level=2)
        self.stream.write(f"    {ElementTree.tostring(image, encoding='unicode')}\n")

    def _end(self, kind: type[BaseException] | None, *error: object) -> None:
        if kind is None:
            self.stream.write("  </images>\n</dataset>\n")


def _whole(value: float) -> str:
    return str(round(value))
