"""What tells faces from other things: the curves of predict/faces/presence.py, by training photographs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image
from tqdm import tqdm

from keypoints import crops
from keypoints.datasets import scenes
from keypoints.datasets.scenes import Photo
from keypoints.predict import detectors
from keypoints.predict.faces import presence
from keypoints.predict.glancing import Glance
from keypoints.predict.looking import Place
from keypoints.predict.predictor import Predictor
from keypoints.reports import logistic, markdown
from keypoints.reports.box_study import photographs

COUNT, SEED = 300, 1  # scenes
BESIDE = 0.2  # overlap with a face up to which a place is another thing; between this and 1/3 it is left out


class Told(NamedTuple):
    """What is known of a place: clarity by a glance, relative doubt by a look, score, and the truth."""

    clarity: float
    doubt: float
    score: float
    is_face: bool


def measure(predictor: Predictor, photos: Sequence[Photo]) -> list[str]:
    """A table of the curves' numbers."""
    places = list(look(predictor, photos))
    shown = np.array([p.is_face for p in places])
    by_glance = np.array([presence.features(p.clarity, p.score) for p in places])
    by_look = np.array([presence.features(presence.evidence_of_look(p.doubt), p.score) for p in places])
    names = "as it is", "logarithm of the clarity, or the doubt", "logarithmic odds of the score"
    text = f"Places that `{detectors.DEFAULT}` found in {COUNT} scenes of these training photographs: "
    text += f"{shown.sum()} of faces, {(~shown).sum()} of other things."
    curves = (logistic.fit(features, shown) for features in (by_glance, by_look))
    rows = zip(names, *(map("{:.2f}".format, curve) for curve in curves), strict=True)
    header = ["logarithmic odds of a face", "by a glance", "by closer looks"]
    return [text, "", *markdown.table(header, rows)]


def look(predictor: Predictor, photos: Sequence[Photo]) -> Iterator[Told]:
    """The places in the scenes that show a face, and those that show nothing of one."""
    rng, detector = np.random.default_rng(SEED), detectors.build(detectors.DEFAULT)
    assert predictor.glance is not None  # the weights are those of 68 points
    glance = Glance(predictor.glance.looker.net, hopeless=0)  # or the curve would depend on the one before
    for _ in tqdm(range(COUNT), desc="scenes", disable=None):
        scene, placed = scenes.compose(photos, scenes.Layout(), rng)
        found, image = detector(scene), Image.fromarray(scene)
        truth = [photographs.upright_box(face) for face in placed]
        glimpses = glance([Place(image, one.box, one.roll, one.score) for one in found])
        _, apart = predictor.look_closely([glimpse.place for glimpse in glimpses])
        looked = apart.mean(-1) / predictor.net.doubt
        for one, glimpse, doubt in zip(found, glimpses, looked.tolist(), strict=True):
            nearest = photographs.find_nearest(truth, one.box)
            if nearest is not None and placed[nearest].counts:
                yield Told(glimpse.clarity, doubt, one.score, True)
            elif all(crops.overlap(one.box, box) <= BESIDE for box in truth):
                yield Told(glimpse.clarity, doubt, one.score, False)
