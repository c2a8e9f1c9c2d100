"""The files of a source: recognised by their content, and limited in size before they are parsed."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from xml.etree.ElementTree import Element, ParseError

from keypoints.datasets import archives, face_table
from keypoints.datasets.face_table import Size
from keypoints.errors import UserError
from keypoints.pictures.images import ENDINGS, is_hidden, orientation

TEXTS = (".json", ".jsonl", ".xml", ".pts", ".csv", ".tsv", ".txt", ".yaml", ".yml")
PARSED = 64 * 2**20  # bytes of one JSON or XML
TABLE = 512 * 2**20  # bytes of one table: Kaggle's holds all its pictures
KEPT = 2**30  # bytes of all texts of a source
SCHEME_FILE = "keypoints.yaml"

_ENDS_ON_LINE = re.compile(rb'(?:\xef\xbb\xbf)?\{"[^\r\n]*\}\r?\n\s*\{"')  # two objects, one per line

Name = tuple[str, ...]  # the folders and the file of a path, in one spelling
# How well a picture's path agrees with a name in a document: how many of its folders are in the name, counted
# from the last one back; whether all are; whether the name has no others.
Agreement = tuple[int, bool, bool]


def normalise(name: str) -> Name:
    """A path's folders and file: one spelling for `a//b`, `./a/b`, `..\\a\\b` and either form of `é`."""
    parts = unicodedata.normalize("NFC", name).replace("\\", "/").split("/")
    kept: list[str] = []
    for part in parts:
        if part == ".." and kept:
            kept.pop()
        elif part not in ("", ".", ".."):
            kept.append(part)
    return tuple(kept)


@dataclass(frozen=True)
class Text:
    """What is neither JSON nor XML: its bytes."""

    content: bytes

    def lines(self) -> list[str]:
        return self.content.decode("utf-8-sig", "replace").splitlines()


@dataclass(frozen=True)
class Broken:
    """What cannot be parsed, and why."""

    why: str


Document = dict | list | Element | Text | Broken  # JSON, XML, other text


@dataclass
class Source:
    """A folder or an archive, read once.

    documents: name -> what it holds, without pictures
    sizes:     name of a picture -> (width, height) as stored, or why it is broken
    turned:    name of a picture -> EXIF's orientation, where it is not 1
    """

    path: Path
    documents: dict[str, Document] = field(default_factory=dict)
    sizes: dict[str, Size | str] = field(default_factory=dict)
    turned: dict[str, int] = field(default_factory=dict)
    _by_file: dict[str, list[tuple[Name, str]]] = field(default_factory=lambda: defaultdict(list))
    _by_stem: dict[str, list[tuple[Name, str]]] = field(default_factory=lambda: defaultdict(list))

    def add_picture(self, name: str, size: Size | str, turn: int = 1) -> None:
        self.sizes[name] = size
        if turn != 1:
            self.turned[name] = turn
        parts = normalise(name)
        self._by_file[parts[-1]].append((parts, name))
        self._by_stem[PurePosixPath(parts[-1]).stem].append((parts, name))

    def find(self, named: str, beside: str, stem: bool = False) -> tuple[Agreement, str]:
        """How well a picture of this source agrees with the path `named` in the document `beside`, and which.

        Of several pictures with this file name, the one whose folders agree best is taken, see `Agreement`.
        With `stem`, `named` lacks its ending. Raises LookupError if there is none, or no single best one.
        """
        ranked = self._rank(named, beside, stem)
        if not ranked:
            ending = PurePosixPath(named).suffix.lower()
            unread = not stem and ending not in ENDINGS and ending[1:].isalnum()
            raise LookupError(f"no {ending} is read as a picture" if unread else "its picture is not there")
        if len(ranked) > 1 and ranked[-1][0] == ranked[-2][0]:
            raise LookupError(f"{ranked[-1][1]} and {ranked[-2][1]} may be its picture")
        return ranked[-1]

    def choose(self, names: Iterable[str], beside: str, stem: bool = False) -> str:
        """Of several spellings of a name in a document, the first of those that agree best with a picture."""
        return max(names, key=lambda named: [each[:2] for each, _ in self._rank(named, beside, stem)[-1:]])

    def _rank(self, named: str, beside: str, stem: bool) -> list[tuple[Agreement, str]]:
        """All pictures with this file name, the best agreement last."""
        parts, index = normalise(named), self._by_stem if stem else self._by_file
        key = parts[-1] if parts else ""
        candidates = index.get(key) or index.get(re.sub(r"^[0-9a-f]{8}-", "", key))  # Label Studio's uploads
        whole = normalise(f"{beside.rpartition('/')[0]}/{'/'.join(parts)}")
        return sorted((max(_agree(n, parts), _agree(n, whole)), name) for n, name in candidates or ())


def _agree(path: Name, named: Name) -> Agreement:
    count = 0
    for x, y in zip(reversed(path[:-1]), reversed(named[:-1]), strict=False):
        if x != y:
            break
        count += 1
    return count, count == len(path) - 1, count == len(path) - 1 == len(named) - 1


def read(path: Path) -> Source:
    """All pictures' sizes and all other documents of a folder or an archive. Raises `UserError`."""
    source, kept = Source(path), 0
    for name, data in archives.members(path, is_wanted, TABLE, own=True):
        if name.lower().endswith(ENDINGS):
            source.add_picture(name, face_table.picture_size(data), orientation(data))
            continue
        document = source.documents[name] = parse(data)
        kept += len(data)
        if isinstance(document, dict):
            kept -= len(str(document.pop("imageData", "")))  # labelme's copy of the picture
        if kept > KEPT:
            raise UserError(f"{path}: its annotations are more than {KEPT} bytes: split them")
    return source


def is_wanted(name: str) -> bool:
    """Whether a member may be a picture or an annotation; hidden files and those of systems are not."""
    return not is_hidden(PurePosixPath(name)) and name.lower().endswith((*ENDINGS, *TEXTS))


def parse(data: bytes) -> Document:
    """Parse a file as JSON, XML or text, by its first character; JSON Lines count as text."""
    start = data[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start not in (b"{", b"[", b"<") or _ENDS_ON_LINE.match(data):
        return Text(data)
    if len(data) > PARSED:
        return Broken(f"larger than {PARSED} bytes")
    try:
        return _parse_xml(data) if start == b"<" else json.loads(data.decode("utf-8-sig"))
    except RecursionError:
        return Broken("nested too deep")
    except (ParseError, LookupError, ValueError) as error:  # a ValueError also for a DTD or an entity
        why = " ".join(str(error).split()) or type(error).__name__
        return Broken(f"no plain {'XML' if start == b'<' else 'JSON'}: {why:.200}")


def _parse_xml(data: bytes) -> Element:
    from defusedxml.ElementTree import fromstring

    return fromstring(data, forbid_dtd=True)
