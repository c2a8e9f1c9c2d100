"""Which part of a picture a net's crop shows, given a face's box as dlib draws it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from keypoints import crops
from keypoints.crops import Region

if TYPE_CHECKING:
    from keypoints.settings.recipes import Data

DLIB = (1.0, 0.0, 0.0)  # the frame of nets that were trained with dlib's own boxes
# Parts trained on whole pictures of IMM (640 x 480, the face in the middle) need such a picture. Its width,
# and its middle relative to that of dlib's box, to the right and down, in sides of that box: medians of IMM's
# training faces, measured by `make boxes` (results/boxes.md).
FRAME_WIDTH, FRAME_RIGHT, FRAME_DOWN = 2.94, -0.011, -0.132


@dataclass(frozen=True)
class Framing:
    """How a face is cut out for a net.

    region: "image": as a picture of IMM would show it; "box": the square around the box
    scale:  side of that square, in roots of the box's area
    size:   (width, height) of the crop, pixels
    mode:   of the Pillow image that is cut, "L" or "RGB"
    frame:  where the boxes that the net was trained with lie relative to dlib's: side, and middle to the
            right and down, in sides of dlib's box
    """

    region: str
    scale: float
    size: tuple[int, int]
    mode: str
    frame: tuple[float, float, float] = DLIB

    @classmethod
    def of(cls, data: Data) -> Framing:
        """The framing of a recipe."""
        width, height = data.crop_size
        side, right, down = data.frame
        mode = "L" if data.channels == 1 else "RGB"
        return cls(data.region, data.scale, (width, height), mode, (side, right, down))

    def view(self, box: Region) -> Region:
        """What the crop shows of a picture with a face in dlib's `box`, pixels of the picture."""
        if self.region == "image":
            return imm_frame(box)
        return crops.square(crops.shift(box, *self.frame) if self.frame != DLIB else box, self.scale)


def imm_frame(box: Region) -> Region:
    """The 4:3 region around a face in dlib's `box` that a picture of IMM would show."""
    left, top, side, _ = crops.shift(box, 1.0, FRAME_RIGHT, FRAME_DOWN)
    width = FRAME_WIDTH * side
    x, y = left + side / 2, top + side / 2
    return x - width / 2, y - 0.375 * width, width, 0.75 * width
