"""Draw a part's points on every photograph in a folder of your own, which may be empty.

python -m stages.collection nose --photos data/collection --weights models/nose.pt --out plots/collection/nose
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from keypoints import errors, plots
from keypoints.crops import Region
from keypoints.pictures import images
from keypoints.predict import box_lists
from keypoints.settings import params

BOXES = "boxes.jsonl"
DRAWN = "A net of the demo: it has seen drawn faces alone, and finds little on photographs."


def main(name: str, photos: Path, model: Path, out: Path) -> None:
    given = box_lists.read(photos / BOXES) if (photos / BOXES).exists() else None
    inside = sorted(path for path in photos.iterdir() if path.is_file())
    files = {path.name: path for path in inside if not images.is_hidden(Path(path.name))}
    files.pop(BOXES, None)
    for listed in given.entries if given else ():
        if listed[-1] not in files:
            errors.warn(f"{photos / BOXES}: there is no {'/'.join(listed)}")
    out.mkdir(parents=True, exist_ok=True)
    if files:
        draw(name, files, given, model, out)


def draw(name: str, files: dict[str, Path], given: box_lists.BoxList | None, model: Path, out: Path) -> None:
    """Draw one PNG per photograph into the folder `out`; warns of files that are no photographs."""
    import torch  # only if there is a photograph: most runs of the pipeline have none

    from keypoints.predict.predictor import Predictor

    settings = params.load()
    torch.set_num_threads(settings.threads_of(name))
    caption = DRAWN if settings.profile.source == "synthetic" else ""
    predict = Predictor(weights=model, tta=settings.part(name).evaluate.flip)
    for file, path in files.items():
        try:
            picture = images.open_picture(path)
            faces = predict(picture, boxes_of(file, given))
        except (ValueError, OSError) as error:
            errors.warn(f"{path}: left out: {error}")
            continue
        boxes, points = [face.box for face in faces], [face.points for face in faces]
        try:
            image = np.asarray(picture)
            plots.photograph(out / f"{file}.png", image, boxes, points, predict.scheme, caption)
        except (OSError, UnicodeError) as error:
            if not errors.is_about_name(error):
                raise
            errors.warn(f"{path}: left out: no file can be called after it: rename it")


def boxes_of(file: str, given: box_lists.BoxList | None) -> list[Region] | None:
    """The listed boxes of a photograph; None, for the detector, if it is not listed. Raises ValueError."""
    listed = given is not None and box_lists.normalise(file) in given.entries
    return given.find(file) if given and listed else None


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=errors.summary(__doc__))
    parser.add_argument("part")
    parser.add_argument("--photos", type=Path, required=True, help=f"a folder, with {BOXES} or without")
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="the folder of the pictures")
    args = parser.parse_args()
    errors.run(main, args.part, args.photos, args.weights, args.out)
