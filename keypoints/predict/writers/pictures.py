"""Annotated pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from keypoints import files

if TYPE_CHECKING:
    from PIL import Image

    from keypoints.landmarks import Scheme
    from keypoints.predict.predictor import Face
    from keypoints.predict.writers import Facts


class Pictures:
    """The photograph with boxes, outlines and points, or with an overlay on every face, as PNG."""

    def __init__(self, folder: Path, scheme: Scheme, overlay: str | None) -> None:
        self.folder, self.scheme, self.overlay = folder, scheme, overlay
        self.taken: set[str] = set()

    def write(
        self, name: str, image: Image.Image, faces: Sequence[Face], facts: Sequence[Facts] = ()
    ) -> None:
        from keypoints.predict import annotation

        drawn = annotation.draw(image, faces, self.scheme, self.overlay)
        with files.whole(self.folder / f"{self._free(name)}.png") as path:
            drawn.save(path, compress_level=1)

    def _free(self, name: str) -> str:
        """A name like the photograph's own, which it never is; numbered where another folder has the same."""
        stem = f"{'standard input' if name == '-' else Path(name).stem}_points"
        free, number = stem, 2
        while free in self.taken:
            free, number = f"{stem}_{number}", number + 1
        self.taken.add(free)
        return free
