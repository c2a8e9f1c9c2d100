"""WFLW's lists (Wu et al., 2018): a line per face: 98 times x y, its box, six attributes, the picture.

`x0 y0 … x97 y97 x_min y_min x_max y_max pose expression illumination make-up occlusion blur file`, all
between blanks; the older lists lack box and attributes. Pixels of the stored picture, the centre of the first
one at (0, 0). The lists of single attributes repeat faces of the test list: each face is read once. Its
attributes are its subset, and a column `list` names its list. https://wywu.github.io/projects/LAB/WFLW.html
"""

from __future__ import annotations

from pathlib import PurePosixPath

from keypoints.crops import Region
from keypoints.datasets import face_table
from keypoints.datasets.formats.documents import Document, Source, Text
from keypoints.datasets.formats.marks import Convention, Mark, Marks
from keypoints.landmarks import WFLW

CONVENTION = Convention(first=0.0, upright=False)
ATTRIBUTES = ("pose", "expression", "illumination", "make-up", "occlusion", "blur")
_NUMBERS = 2 * WFLW.points
_FULL, _BARE = _NUMBERS + 4 + len(ATTRIBUTES), _NUMBERS


def claims(name: str, document: Document) -> bool:
    """Whether its first line has as many numbers and then a name."""
    if not isinstance(document, Text):
        return False
    words = document.content[:16_384].partition(b"\n")[0].strip().split(maxsplit=_FULL)
    return len(words) in (_BARE + 1, _FULL + 1) and words[-1][-4:].lower() in (b".jpg", b".png", b"jpeg")


def read(source: Source, documents: dict[str, Document]) -> Marks:
    """The faces of all lists, the full ones first."""
    marks = Marks(tuple(WFLW.names()))
    seen: set[tuple[str, ...]] = set()
    lists = {name: document.lines() for name, document in documents.items() if isinstance(document, Text)}
    for name in sorted(lists, key=lambda name: (-len(lists[name][0].split()), -len(lists[name]), name)):
        for number, line in enumerate(lists[name], 1):
            if not line.strip():
                continue
            where = f"{name}: line {number}"
            words = line.split(maxsplit=_FULL)
            if len(words) != _FULL + 1:
                words = line.split(maxsplit=_BARE)
            if len(words) not in (_BARE + 1, _FULL + 1):
                marks.leave_out(where, f"{len(words)} words, {_FULL + 1} are needed")
                continue
            key = (words[-1].strip(), *words[:_NUMBERS])
            if key not in seen:
                seen.add(key)
                marks.faces.append(_mark(where, name, words))
    return marks


def _mark(where: str, name: str, words: list[str]) -> Mark:
    numbers = [face_table.parse_number(word) for word in words[:-1]]
    points = dict(
        zip(WFLW.names(), zip(numbers[0:_NUMBERS:2], numbers[1:_NUMBERS:2], strict=True), strict=True)
    )
    box: Region | tuple[()] = ()
    subset = ""
    if len(numbers) == _FULL:
        left, top, right, bottom, *flags = numbers[_NUMBERS:]
        box = (left, top, right - left, bottom - top)
        subset = ", ".join(each for each, flag in zip(ATTRIBUTES, flags, strict=True) if flag) or "plain"
    more = (("list", PurePosixPath(name).stem),)
    return Mark(where, name, words[-1].strip(), points, box, subset=subset, more=more)
