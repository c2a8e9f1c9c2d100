"""The colours of every picture: on photographs, and on white.

They also differ in lightness, and lines in shape, so that nobody depends on the hue (Okabe and Ito, 2008).
"""

from __future__ import annotations

TRUTH, PREDICTED = "#00E0A0", "#FF4D1A"  # points and outlines on photographs
BOX = "#FFC800"  # of a face, on somebody's photograph
FOUND = "#00E0FF"  # boxes of faces, and single points on maps, in the pipeline's pictures
BETTER, WORSE = "#176F2C", "#B3261E"  # figures on white
LINES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#000000")  # on white


def to_rgb(colour: str) -> tuple[int, int, int]:
    """`#RRGGBB` as three numbers, 0…255."""
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red, green, blue
