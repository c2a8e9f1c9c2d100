"""Draw the README's photograph with points and overlays by the shipped weights: `make docs`.

The photograph is NASA's, in the public domain, and comes with scikit-image.
"""

from __future__ import annotations

import skimage
from PIL import Image

from keypoints import Predictor, errors, files, overlays
from keypoints.predict import annotation

FACE = (130, 10, 320, 200)  # left, top, right, bottom of what is shown
SIDE = 300  # pixels of each of the pictures beside one another


def main() -> None:
    photo = Image.fromarray(skimage.data.astronaut())
    large = photo.crop(FACE).resize((2 * SIDE, 2 * SIDE), Image.Resampling.BICUBIC)
    predict = Predictor(tta=True)
    faces = predict(large)
    drawn = [annotation.draw(large, faces, predict.scheme, name) for name in (None, *overlays.OVERLAYS)]
    strip = Image.new("RGB", (SIDE * len(drawn), SIDE))
    for i, picture in enumerate(drawn):
        strip.paste(picture.resize((SIDE, SIDE), Image.Resampling.LANCZOS), (i * SIDE, 0))
    with files.whole("docs/photo.png") as path:
        strip.save(path, optimize=True)


if __name__ == "__main__":
    errors.run(main)
