"""dlib's XML, as its tool imglab writes it: images, the boxes of their faces, and parts in them.

Coordinates are whole pixels of the picture as the file stores it (dlib knows no EXIF), the centre of the
first one at (0, 0); a box's right edge is left + width - 1, which is a region of `crops` as it is. A part
that is not there is a missing point, and a box with `ignore='1'` no face. Files are relative to the list's
folder. The writer calls itself ISO-8859-1 and copies the bytes of UTF-8.
http://dlib.net/imaging.html#load_image_dataset_metadata
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from keypoints.crops import Region
from keypoints.datasets import face_table
from keypoints.datasets.formats import documents
from keypoints.datasets.formats.documents import Broken, Document, Source
from keypoints.datasets.formats.marks import Convention, Mark, Marks, order_names, to_size
from keypoints.errors import UserError

CONVENTION = Convention(first=0.0, upright=False)


def root(content: bytes, where: str, remedy: str) -> Element:
    """The XML of a list; entities and the like are refused.

    `where` names it in a `UserError`, and `remedy` says what to do.
    """
    found = documents.parse(content)
    if not isinstance(found, Element):
        why = found.why if isinstance(found, Broken) else "no plain XML"
        raise UserError(f"{where}: {why}: {remedy}")
    if not claims(where, found):
        raise UserError(f"{where} lists no face as dlib does: {remedy}")
    return found


def boxes(root: Element) -> Iterator[tuple[str, Element]]:
    """Each box with the name of its image."""
    return ((image.get("file", ""), box) for image, box in _pairs(root))


def _pairs(root: Element) -> Iterator[tuple[Element, Element]]:
    """Each image with each of its boxes."""
    return ((image, box) for image in root.iterfind("images/image") for box in image.iterfind("box"))


def region(where: str, box: Element) -> Region:
    """(left, top, width, height) of a box, pixels of its image. Raises `UserError` that names `where`."""
    left, top, width, height = _numbers(box)
    if not (width > 0 and height > 0):
        raise UserError(f"{where}: a box needs left, top, width and height, with an area: repair it")
    return left, top, width, height


def spellings(name: str) -> Iterator[str]:
    """A name as the XML has it, and as it is meant where UTF-8 is called Latin-1, as dlib's writer does."""
    yield name
    with contextlib.suppress(UnicodeError):
        if (meant := name.encode("latin-1").decode("utf-8")) != name:
            yield meant


def is_ignored(box: Element) -> bool:
    return box.get("ignore") not in (None, "0")


def claims(name: str, document: Document) -> bool:
    """Whether it lists boxes of images."""
    return isinstance(document, Element) and document.find("images/image/box") is not None


def read(source: Source, lists: dict[str, Document]) -> Marks:
    """The boxes with parts of all lists. Parts that are numbers have no names. Raises `UserError`."""
    marks = Marks(())
    parts: dict[int, list[str]] = {}
    for name, document in lists.items():
        assert isinstance(document, Element)
        for k, (image, box) in enumerate(_pairs(document), 1):
            where, file = f"{name}: box {k}", image.get("file", "")
            names = [part.get("name", "") for part in box.iterfind("part")]
            if is_ignored(box) or not names:
                marks.leave_out(where, "ignored" if names else "without points", broken=False)
            elif len(set(names)) != len(names):
                marks.leave_out(f"{where} ({file})", "a part is there twice")
            else:
                parts[len(marks.faces)] = names
                points = {part.get("name", ""): _point(part) for part in box.iterfind("part")}
                file = source.choose(spellings(file), name)
                size = to_size(*(face_table.parse_number(image.get(key)) for key in ("width", "height")))
                marks.faces.append(Mark(where, name, file, points, _numbers(box), size))
    marks.names = order_names(parts.values())
    if marks.lack_points:
        raise UserError(f"{source.path}: {min(lists)}: no box has parts: mark the points in imglab")
    return marks


def _numbers(box: Element) -> Region:
    left, top, width, height = (
        face_table.parse_number(box.get(key)) for key in ("left", "top", "width", "height")
    )
    return left, top, width, height


def _point(part: Element) -> tuple[float, float]:
    return face_table.parse_number(part.get("x")), face_table.parse_number(part.get("y"))
