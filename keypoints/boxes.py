"""What boxes do to points: `make boxes`, on the real data after `make real`.

Measures, on training photographs only, where dlib's box is seen from each detector's (`CALIBRATION` in
detect.py) and how IMM frames a face (`FRAME_…` in predictor.py); then, on helen/testset, the error under
boxes that are off, and with each detector's own. Writes results/boxes.md; the constants are put into
the code by hand.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from tqdm import tqdm

from keypoints import crops, detect, errors, files, metrics
from keypoints.archives import members
from keypoints.crops import Region
from keypoints.errors import UserError
from keypoints.images import decode
from keypoints.landmarks import IBUG
from keypoints.predictor import Predictor

Shown = tuple[Image.Image, Region]  # a picture of mode RGB, and a face's box on it

OUT = Path("results/boxes.md")
SHOWN = 300  # training photographs to calibrate on
OFF = {  # how a box is changed: scale, shift to the right and down in sides
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
    learnt = ibug[ibug["split_strict"] == "train"]
    if len(learnt) < SHOWN or test.empty:
        raise UserError(f"{tables}/ibug.parquet is not the real data's: run `make real`")
    faces = list(photographs(archives / "ibug", learnt.sample(SHOWN, random_state=0)))
    frames = list(photographs(archives / "imm", imm[imm["split_course"] == "train"]))
    lines = ["# Boxes", "", "Written by `make boxes` (keypoints/boxes.py).", ""]
    lines += [*calibrations(faces), "", *framing(frames)]

    truth = np.stack(test["points"]).reshape(len(test), -1, 2)
    shown = list(photographs(archives / "ibug", test))
    predictor = Predictor(weights=weights)
    lines += ["", f"## helen/testset, {len(test)} faces", "", *off(predictor, shown, truth)]
    lines += ["", *detected(predictor, shown, truth)]
    with files.whole(OUT) as path:
        path.write_text("\n".join(lines) + "\n")
    print(f"{OUT} is written")


def calibrations(faces: list[Shown]) -> list[str]:
    """Side, right and down of the data set's box in each detector's own terms."""
    lines = ["## dlib's box, seen from a detector's", ""]
    lines += [f"Medians over {len(faces)} training photographs of iBUG, in sides of the detector's box.", ""]
    lines += ["| detector | side | to the right | down | finds |", "|---|---:|---:|---:|---:|"]
    for name in available():
        detector = detect.DETECTORS[name](None)
        seen = [(nearest(detector(np.asarray(image)), box), box) for image, box in tqdm(faces, disable=None)]
        hits = [relation(hit, box) for hit, box in seen if hit]
        middle = " | ".join(f"{value:.3f}" for value in np.median(hits, axis=0))
        lines.append(f"| {name} | {middle} | {len(hits) / len(faces):.1%} |")
    return lines


def framing(faces: list[Shown]) -> list[str]:
    """Width and middle of whole pictures, in sides of their surest face's box as `haar` gives it."""
    detector = detect.build("haar")
    seen = [(detector(np.asarray(image)), whole) for image, whole in tqdm(faces, disable=None)]
    hits = [(found[0].box, whole) for found, whole in seen if found]
    across = [(whole[2] / hit[2], *relation(hit, whole)[1:]) for hit, whole in hits]
    width, right, down = np.median(across, axis=0)
    return [
        f"IMM's {len(faces)} training pictures, seen from that box (medians): {width:.2f} sides wide,",
        f"their middle {right:.3f} sides to the right and {down:.3f} down.",
    ]


def off(predictor: Predictor, shown: list[Shown], truth: np.ndarray) -> list[str]:
    """The error with boxes that are off, with and without a second look."""
    lines = ["| the data set's box | NME, one look, % | with the second look |", "|---|---:|---:|"]
    for name, change in tqdm(OFF.items(), disable=None):
        boxes = [(image, changed(box, *change)) for image, box in shown]
        looks = predictor.look(boxes), predictor.points(boxes)
        nmes = [metrics.nme(truth, found, IBUG.eye_distance(truth)).mean() for found in looks]
        lines.append(f"| {name} | {nmes[0]:.2f} | {nmes[1]:.2f} |")
    return lines


def detected(predictor: Predictor, shown: list[Shown], truth: np.ndarray) -> list[str]:
    """The error of the faces that each detector finds, by its own boxes."""
    lines = ["| detector | finds | NME of those, % |", "|---|---:|---:|"]
    for name in available():
        detector = detect.build(name)
        hits = [nearest(detector(np.asarray(image)), box) for image, box in tqdm(shown, disable=None)]
        there = np.array([hit is not None for hit in hits])
        boxes = [(image, hit) for (image, _), hit in zip(shown, hits, strict=True) if hit]
        nme = metrics.nme(truth[there], predictor.points(boxes), IBUG.eye_distance(truth[there])).mean()
        lines.append(f"| {name} | {there.mean():.1%} | {nme:.2f} |")
    return lines


def photographs(archive: Path, table: pd.DataFrame) -> Iterator[Shown]:
    """Each row's picture (mode RGB) and box, in the table's order."""
    wanted = set(table["file"])
    read = {name: decode(content, 3) for name, content in members(archive, wanted.__contains__)}
    for row in table.itertuples():
        yield read[row.file], (row.left, row.top, row.box_width, row.box_height)


def available() -> Iterator[str]:
    """The detectors that need no file and are installed."""
    for name in ("haar", "dlib"):
        try:
            detect.build(name)
            yield name
        except UserError as error:
            print(f"left out: {error}")


def relation(ours: Region, theirs: Region) -> tuple[float, float, float]:
    """Side and middle (to the right and down) of `theirs`, in sides of `ours`."""
    sides = [np.sqrt(box[2] * box[3]) for box in (ours, theirs)]
    middles = [np.array([box[0] + box[2] / 2, box[1] + box[3] / 2]) for box in (ours, theirs)]
    return sides[1] / sides[0], *((middles[1] - middles[0]) / sides[0])


def nearest(found: list[detect.Detection], box: Region) -> Region | None:
    """The detected box that shows the face of `box`: the one that shares most with it, and a third."""
    best = max((d.box for d in found), key=lambda other: detect.overlap(other, box), default=None)
    return best if best and detect.overlap(best, box) > 1 / 3 else None


def changed(box: Region, scale: float, right: float, down: float) -> Region:
    """A box scaled round its middle, then shifted by shares of its side."""
    left, top, side, _ = crops.square(box, scale)
    return left + right * side / scale, top + down * side / scale, side, side


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", type=Path, default=Path("models/landmarks.pt"))
    parser.add_argument("--tables", type=Path, default=Path("data/tables"))
    parser.add_argument("--archives", type=Path, default=Path("data/archives"))
    args = parser.parse_args()
    errors.run(main, args.weights, args.tables, args.archives)
