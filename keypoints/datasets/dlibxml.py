"""dlib's XML lists of boxes: `<image file=…><box top=… left=… width=… height=…>…`."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

from keypoints.crops import Region
from keypoints.datasets import face_table
from keypoints.errors import UserError


def root(content: bytes, where: str) -> Element:
    """The XML of a list; entities and the like are refused. `where` names it in a `UserError`."""
    from defusedxml.ElementTree import fromstring

    try:
        found = fromstring(content, forbid_dtd=True)
    except (ParseError, LookupError, ValueError) as error:  # a ValueError also for a DTD or an entity
        why = " ".join(str(error).split())
        raise UserError(f"{where} is no plain XML ({why}): download it again") from None
    if found.find("images/image/box") is None:
        raise UserError(f"{where} lists no face as dlib does: download it again")
    return found


def boxes(root: Element) -> Iterator[tuple[str, Element]]:
    """Each box with the name of its image."""
    for image in root.iterfind("images/image"):
        for box in image.iterfind("box"):
            yield image.get("file", ""), box


def region(where: str, box: Element) -> Region:
    """(left, top, width, height) of a box, pixels of its image. Raises `UserError` that names `where`."""
    left, top, width, height = (
        face_table.parse_number(box.get(key)) for key in ("left", "top", "width", "height")
    )
    if not (width > 0 and height > 0):
        raise UserError(f"{where}: a box needs left, top, width and height, with an area: repair it")
    return left, top, width, height
