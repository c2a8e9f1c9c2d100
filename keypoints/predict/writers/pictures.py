"""Annotated pictures, and faces that are cut out of them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from PIL.PngImagePlugin import PngInfo

from keypoints import files
from keypoints.predict import annotation
from keypoints.predict.faces import chips
from keypoints.predict.photographs import MARK
from keypoints.predict.writers.folder import Folder

if TYPE_CHECKING:
    from PIL import Image

    from keypoints.landmarks import Scheme
    from keypoints.predict.faces.face import Face
    from keypoints.predict.writers import Facts


class Pictures:
    """The photograph with boxes, outlines and points, or with an overlay on every face, as PNG.

    names: all photographs, none of which is replaced

    It is marked, and so passed over by later runs: see `photographs.is_drawn`.
    """

    def __init__(self, out: Path, scheme: Scheme, overlay: str | None, names: Sequence[str] = ()) -> None:
        annotation.check(overlay, scheme)
        self.folder, self.scheme, self.overlay = Folder(out, replaces=True, kept=names), scheme, overlay

    def write(
        self, name: str, image: Image.Image, faces: Sequence[Face], facts: Sequence[Facts] = ()
    ) -> None:
        mark = PngInfo()
        mark.add_text(*MARK)
        self._save(annotation.draw(image, faces, self.scheme, self.overlay), name, "points", mark)

    def _save(self, picture: Image.Image, name: str, what: str, mark: PngInfo | None = None) -> None:
        """Under a name like the photograph's own, which it never is."""
        stem = "standard input" if name == "-" else Path(name).stem
        with files.replacing(self.folder.free(f"{stem}_{what}", ".png")) as part:
            picture.save(part, compress_level=1, pnginfo=mark)


class Chips(Pictures):
    """Every face cut out and aligned, `size` pixels a side, as PNG: <photograph>_face1.png.

    It is a photograph like others, and not marked.
    A face whose points lie on one spot has none. Raises `UserError` as `chips.check`.
    """

    def __init__(self, out: Path, scheme: Scheme, size: int, names: Sequence[str] = ()) -> None:
        super().__init__(out, scheme, None, names)
        chips.check(size, scheme.names())
        self.size = size

    def write(
        self, name: str, image: Image.Image, faces: Sequence[Face], facts: Sequence[Facts] = ()
    ) -> None:
        for number, face in enumerate(faces, 1):
            with suppress(ValueError):
                self._save(face.chip(image, self.size), name, f"face{number}")
