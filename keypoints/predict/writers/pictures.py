"""Annotated pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from keypoints.predict.writers.folder import Folder

if TYPE_CHECKING:
    from PIL import Image

    from keypoints.landmarks import Scheme
    from keypoints.predict.predictor import Face
    from keypoints.predict.writers import Facts


class Pictures:
    """The photograph with boxes, outlines and points, or with an overlay on every face, as PNG."""

    def __init__(self, out: Path, scheme: Scheme, overlay: str | None) -> None:
        self.folder, self.scheme, self.overlay = Folder(out, replaces=True), scheme, overlay

    def write(
        self, name: str, image: Image.Image, faces: Sequence[Face], facts: Sequence[Facts] = ()
    ) -> None:
        from keypoints.predict import annotation

        drawn = annotation.draw(image, faces, self.scheme, self.overlay)
        stem = "standard input" if name == "-" else Path(name).stem
        with self.folder.whole(self.folder.free(f"{stem}_points", ".png")) as part:
            drawn.save(part, compress_level=1)
