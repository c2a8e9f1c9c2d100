"""What boxes do to points: `make boxes`, on the real data after `make real`.

Measures, on training photographs only, where dlib's box lies from each detector's (CALIBRATION in each file
of predict/detectors/) and how IMM frames a face (FRAME_… in predict/framing.py); then, on helen/testset, the
error with boxes that are wrong, and with each detector's own. Writes results/boxes.md; the constants are put
into the code by hand, and a test compares them.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from tqdm import tqdm

from keypoints import crops, errors, files, paths
from keypoints.crops import Region
from keypoints.datasets.archives import members
from keypoints.errors import UserError
from keypoints.evaluation import metrics
from keypoints.images import decode
from keypoints.landmarks import IBUG
from keypoints.predict import detectors
from keypoints.predict.predictor import Place, Predictor
from keypoints.reports import markdown

Photo = tuple[Image.Image, Region]  # a picture of mode RGB, and a face's box on it

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


def main(weights: Path, tables: Path, archives: Path) -> None:
    ibug, imm = (pd.read_parquet(tables / f"{name}.parquet") for name in ("ibug", "imm"))
    test = ibug[(ibug["subset"] == "helen/testset") & (ibug["split_strict"] == "test")]
    train = ibug[ibug["split_strict"] == "train"]
    if len(train) < SAMPLE or test.empty:
        raise UserError(f"{tables}/ibug.parquet is not the real data's: run `make real`")
    faces = list(read_photographs(archives / "ibug", train.sample(SAMPLE, random_state=0)))
    frames = list(read_photographs(archives / "imm", imm[imm["split_course"] == "train"]))
    lines = ["# Boxes", "", "Written by `make boxes` (keypoints/reports/box_study.py).", ""]
    lines += [*measure_calibrations(faces), "", *measure_framing(frames)]

    truth = np.stack(test["points"].tolist()).reshape(len(test), -1, 2)
    photos = list(read_photographs(archives / "ibug", test))
    predictor = Predictor(weights=weights)
    lines += ["", f"## helen/testset, {len(test)} faces", "", *measure_wrong_boxes(predictor, photos, truth)]
    lines += ["", *measure_detectors(predictor, photos, truth)]
    with files.whole(OUT) as path:
        path.write_text("\n".join(lines) + "\n")
    print(f"{OUT} is written")


def measure_calibrations(faces: list[Photo]) -> list[str]:
    """Side, right and down of the data set's box in each detector's own terms."""
    lines = ["## dlib's box, seen from a detector's", ""]
    lines += [f"Medians over {len(faces)} training photographs of iBUG, in sides of the detector's box.", ""]
    rows: list[list[markdown.Cell]] = []
    for name in available_detectors():
        detector, _ = detectors.load(name)
        seen = [
            (find_nearest(detector(np.asarray(image)), box), box) for image, box in tqdm(faces, disable=None)
        ]
        hits = [relative_box(hit, box) for hit, box in seen if hit]
        middle = (f"{value:.3f}" for value in np.median(hits, axis=0))
        rows.append([name, *middle, f"{len(hits) / len(faces):.1%}"])
    return [*lines, *markdown.table(["detector", "side", "to the right", "down", "finds"], rows)]


def measure_framing(faces: list[Photo]) -> list[str]:
    """Width and middle of whole pictures, in sides of their surest face's box as `haar` gives it."""
    detector = detectors.build("haar")
    seen = [(detector(np.asarray(image)), whole) for image, whole in tqdm(faces, disable=None)]
    hits = [(found[0].box, whole) for found, whole in seen if found]
    across = [(whole[2] / hit[2], *relative_box(hit, whole)[1:]) for hit, whole in hits]
    width, right, down = np.median(across, axis=0)
    return [
        f"IMM's {len(faces)} training pictures, seen from that box (medians): {width:.2f} sides wide,",
        f"their middle {right:.3f} sides to the right and {down:.3f} down.",
    ]


def measure_wrong_boxes(predictor: Predictor, photos: list[Photo], truth: np.ndarray) -> list[str]:
    """The error with boxes that are wrong, with and without a second look."""
    rows = []
    for name, change in tqdm(WRONG.items(), disable=None):
        boxes = [(image, crops.shift(box, *change)) for image, box in photos]
        looks = predictor.look([Place(*face) for face in boxes])[0], predictor.points(boxes)
        nmes = [metrics.nme(truth, found, IBUG.eye_distance(truth)).mean() for found in looks]
        rows.append([name, *(f"{nme:.2f}" for nme in nmes)])
    return markdown.table(["the data set's box", "NME, one look, %", "with the second look"], rows)


def measure_detectors(predictor: Predictor, photos: list[Photo], truth: np.ndarray) -> list[str]:
    """The error of the faces that each detector finds, by its own boxes."""
    rows = []
    for name in available_detectors():
        detector = detectors.build(name)
        hits = [find_nearest(detector(np.asarray(image)), box) for image, box in tqdm(photos, disable=None)]
        there = np.array([hit is not None for hit in hits])
        boxes = [(image, hit) for (image, _), hit in zip(photos, hits, strict=True) if hit]
        nme = metrics.nme(truth[there], predictor.points(boxes), IBUG.eye_distance(truth[there])).mean()
        rows.append([name, f"{there.mean():.1%}", f"{nme:.2f}"])
    return markdown.table(["detector", "finds", "NME of those, %"], rows)


def read_photographs(archive: Path, table: pd.DataFrame) -> Iterator[Photo]:
    """Each row's picture (mode RGB) and box, in the table's order."""
    names = set(table["file"])
    read = {name: decode(content, 3) for name, content in members(archive, names.__contains__)}
    columns = ["file", "left", "top", "box_width", "box_height"]
    for file, left, top, width, height in table[columns].to_numpy().tolist():
        yield read[file], (left, top, width, height)


def available_detectors() -> Iterator[str]:
    """The detectors that need no file and are installed."""
    for name in ("haar", "dlib"):
        try:
            detectors.build(name)
            yield name
        except UserError as error:
            print(f"left out: {error}")


def relative_box(ours: Region, theirs: Region) -> tuple[float, float, float]:
    """Side and middle (to the right and down) of `theirs`, in sides of `ours`."""
    sides = [np.sqrt(box[2] * box[3]) for box in (ours, theirs)]
    middles = [np.array([box[0] + box[2] / 2, box[1] + box[3] / 2]) for box in (ours, theirs)]
    return sides[1] / sides[0], *((middles[1] - middles[0]) / sides[0])


def find_nearest(found: list[detectors.Detection], box: Region) -> Region | None:
    """The detected box that shows the face of `box`: the one that shares most with it, and a third."""
    best = max((d.box for d in found), key=lambda other: crops.overlap(other, box), default=None)
    return best if best and crops.overlap(best, box) > 1 / 3 else None


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=errors.summary(__doc__))
    parser.add_argument("--weights", type=Path, default=paths.weights("landmarks"))
    parser.add_argument("--tables", type=Path, default=Path("data/tables"))
    parser.add_argument("--archives", type=Path, default=Path("data/archives"))
    args = parser.parse_args()
    errors.run(main, args.weights, args.tables, args.archives)
