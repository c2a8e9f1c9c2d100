"""What detectors find, and what boxes do to points: `make boxes`, on the real data after `make real`.

Measures, on training photographs only, where dlib's box lies from each detector's (CALIBRATION in each file
of predict/detectors/), how IMM frames a face (FRAME_… in predict/framing.py) and what tells faces from other
things (predict/faces/presence.py); then, on helen/testset, the error with boxes that are wrong and faces that
are turned, and what each detector finds, also in scenes of several faces. Writes results/boxes.md; the
constants are put into the code by hand, and tests compare them.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from keypoints import crops, errors, files, paths
from keypoints.datasets import face_table
from keypoints.datasets.scenes import Photo
from keypoints.errors import UserError
from keypoints.predict import detectors
from keypoints.predict.predictor import Predictor
from keypoints.reports import markdown
from keypoints.reports.box_study import finding, photographs, telling

OUT = Path("results/boxes.md")
SAMPLE = 300  # training photographs to calibrate on
WRONG = {  # how a box is changed: scale, shift to the right and down in sides
    "as it is": (1.0, 0.0, 0.0),
    "15 % smaller": (0.85, 0.0, 0.0),
    "15 % larger": (1.15, 0.0, 0.0),
    "15 % to the left": (1.0, -0.15, 0.0),
    "15 % to the right": (1.0, 0.15, 0.0),
    "15 % up": (1.0, 0.0, -0.15),
    "15 % down": (1.0, 0.0, 0.15),
}
ROLLS = (0, 45, -45, 90, -90, 180)  # degrees
LOOKS = (1, 2, 3, 5, 9)


def main(weights: Path) -> None:
    ibug, imm = (face_table.load(paths.table(name))[0] for name in ("ibug", "imm"))
    test = ibug[(ibug["subset"] == "helen/testset") & (ibug["split_strict"] == "test")]
    train = ibug[ibug["split_strict"] == "train"]
    if len(train) < SAMPLE or test.empty:
        raise UserError(f"{paths.table('ibug')} is not the real data's: run `make real`")
    ibug_archive, imm_archive = paths.archive("ibug"), paths.archive("imm")
    faces = list(photographs.read(ibug_archive, train.sample(SAMPLE, random_state=0)))
    frames = list(photographs.read(imm_archive, imm[imm["split_course"] == "train"]))
    predictor = Predictor(weights=weights)
    lines = ["# Boxes", "", "Written by `make boxes` (keypoints/reports/box_study).", ""]
    lines += [*measure_calibrations(faces), "", *measure_framing(frames)]
    lines += ["", "## What tells a face", "", *telling.measure(predictor, faces)]

    photos = list(photographs.read(ibug_archive, test))
    lines += ["", f"## helen/testset, {len(test)} faces", "", *measure_wrong_boxes(predictor, photos)]
    lines += ["", "Turned about the middle of the face, in the box that holds the turned face:", ""]
    lines += measure_rolls(predictor, photos)
    lines += ["", "By the mean of several looks, `--looks`, one thread:", "", *measure_looks(weights, photos)]
    lines += ["", "## Detectors", "", *finding.measure_detectors(weights, photos)]
    for title, (count, layout) in finding.SCENES.items():
        lines += ["", f"## {title}", "", *finding.measure_scenes(weights, photos, count, layout)]
    with files.whole(OUT) as path:
        path.write_text("\n".join(lines) + "\n")
    print(f"{OUT} is written")


def measure_calibrations(faces: Sequence[Photo]) -> list[str]:
    """Side, right and down of the data set's box in each detector's own terms."""
    lines = ["## dlib's box, seen from a detector's", ""]
    lines += [f"Medians over {len(faces)} training photographs of iBUG, in sides of the detector's box.", ""]
    rows: list[list[markdown.Cell]] = []
    for name in finding.available():
        detector = detectors.at_own_size(*detectors.load(name))
        hits = []
        for photo in tqdm(faces, desc=name, disable=None):
            boxes = [one.box for one in detector(photo.image)]
            if (nearest := photographs.find_nearest(boxes, photo.box)) is not None:
                hits.append(crops.relate(boxes[nearest], photo.box))
        middle = (f"{value:.3f}" for value in np.median(hits, axis=0))
        rows.append([name, *middle, f"{len(hits) / len(faces):.1%}"])
    return [*lines, *markdown.table(["detector", "side", "to the right", "down", "finds"], rows)]


def measure_framing(faces: Sequence[Photo]) -> list[str]:
    """Width and middle of whole pictures, in sides of their surest face's box as `haar` gives it."""
    detector = detectors.build("haar")
    seen = [(detector(photo.image), photo.box) for photo in tqdm(faces, disable=None)]
    hits = [(found[0].box, whole) for found, whole in seen if found]
    across = [(whole[2] / hit[2], *crops.relate(hit, whole)[1:]) for hit, whole in hits]
    width, right, down = np.median(across, axis=0)
    return [
        f"IMM's {len(faces)} training pictures, seen from the box of `haar`, calibrated (medians):",
        f"{width:.2f} sides wide, their middle {right:.3f} sides to the right and {down:.3f} down.",
    ]


def measure_wrong_boxes(predictor: Predictor, photos: Sequence[Photo]) -> list[str]:
    """The error with boxes that are wrong, with one look and with as many as it takes."""
    rows = []
    for name, change in tqdm(WRONG.items(), disable=None):
        places = [photographs.place(photo, crops.shift(photo.box, *change)) for photo in photos]
        looks = predictor.look(places)[0], predictor.look_closely(places)[0]
        rows.append([name, *(f"{photographs.mean_nme(photos, found):.2f}" for found in looks)])
    return markdown.table(["the data set's box", "NME, one look, %", "with further looks"], rows)


def measure_rolls(predictor: Predictor, photos: Sequence[Photo]) -> list[str]:
    """The error of faces that are turned."""
    rows = []
    for roll in tqdm(ROLLS, disable=None):
        turned = [photographs.turn(photo, roll) for photo in photos]
        found = predictor.look_closely([photographs.place(photo) for photo in turned])[0]
        rows.append([f"{roll}°", f"{photographs.mean_nme(turned, found):.2f}"])
    return markdown.table(["roll", "NME, %"], rows)


def measure_looks(weights: Path, photos: Sequence[Photo]) -> list[str]:
    """The error by the mean of so many looks, and what they take."""
    rows = []
    for looks in tqdm(LOOKS, disable=None):
        predictor = Predictor(weights=weights, threads=1, looks=looks)
        start = time.perf_counter()
        found = predictor.look_closely([photographs.place(photo) for photo in photos])[0]
        taken = 1000 * (time.perf_counter() - start) / len(photos)
        rows.append([str(looks), f"{photographs.mean_nme(photos, found):.2f}", f"{taken:.0f}"])
    return markdown.table(["looks", "NME, %", "ms per face"], rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=errors.summary(__doc__))
    parser.add_argument("--weights", type=Path, default=paths.weights("landmarks"))
    args = parser.parse_args()
    errors.run(main, args.weights)
