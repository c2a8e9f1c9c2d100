"""What tells faces from other things: fits the curve of predict/faces/presence.py to training photographs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image
from tqdm import tqdm

from keypoints import crops
from keypoints.datasets import scenes
from keypoints.datasets.scenes import Photo
from keypoints.predict import detectors
from keypoints.predict.faces import presence
from keypoints.predict.looking import Place
from keypoints.predict.predictor import Predictor
from keypoints.reports import logistic, markdown
from keypoints.reports.box_study import photographs

COUNT, SEED = 300, 1  # scenes
BESIDE = 0.2  # overlap with a face up to which a place is another thing; between this and 1/3 it is left out


def measure(predictor: Predictor, photos: Sequence[Photo]) -> list[str]:
    """A table of the curve's numbers."""
    places = list(look(predictor, photos))
    shown = np.array([is_face for *_, is_face in places])
    numbers = logistic.fit(np.array([presence.features(*place) for *place, _ in places]), shown)
    names = "as it is", "logarithm of the doubt, of the usual", "logarithmic odds of the score"
    text = (
        f"Places that `faces` found in {COUNT} scenes of these training photographs: {shown.sum()} of faces, "
    )
    text += f"{(~shown).sum()} of other things."
    rows = zip(names, map("{:.2f}".format, numbers), strict=True)
    return [text, "", *markdown.table(["logarithmic odds of a face", "by"], rows)]


def look(predictor: Predictor, photos: Sequence[Photo]) -> Iterator[tuple[float, float, bool]]:
    """For each place in the scenes: its relative doubt, the score, and whether it is a face."""
    rng, detector = np.random.default_rng(SEED), detectors.build("faces")
    for _ in tqdm(range(COUNT), desc="scenes", disable=None):
        scene, placed = scenes.compose(photos, scenes.Layout(), rng)
        found, image = detector(scene), Image.fromarray(scene)
        truth = [photographs.upright_box(face) for face in placed]
        _, apart = predictor.look_closely([Place(image, one.box, one.roll, one.score) for one in found])
        for one, doubt in zip(found, apart.mean(-1) / predictor.net.doubt, strict=True):
            nearest = photographs.find_nearest(truth, one.box)
            if nearest is not None and placed[nearest].counts:
                yield float(doubt), one.score, True
            elif all(crops.overlap(one.box, box) <= BESIDE for box in truth):
                yield float(doubt), one.score, False
