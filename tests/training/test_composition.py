"""Scenes for training: their truth is where the faces are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from keypoints import crops
from keypoints.datasets.tensors import Faces
from keypoints.settings.recipes import Augment, Scenes
from keypoints.training.composition import Composer, photo_of
from tests.blobs import blob_faces

SCENES = Scenes(
    faces=[1, 3],
    sides=[0.125, 0.625],
    surroundings=[1.2, 2.0],
    upright=0.5,
    roll=90.0,
    cover=0.0,
    clutter=0.0,
)
SIDE, MARGIN = 96, 8


def marked_faces() -> Faces:
    """Grey canvases with a white spot at the top of a face and a black one at its bottom."""
    few = blob_faces(4, 0)
    axis = np.array([(47.5, 31.5), (47.5, 63.5)], np.float32)
    image = np.full((SIDE + 2 * MARGIN, SIDE + 2 * MARGIN, 3), 128, np.uint8)
    for (x, y), light in zip(axis + MARGIN, (255, 0), strict=True):
        image[round(y) - 2 : round(y) + 3, round(x) - 2 : round(x) + 3] = light
    return replace(few, images=np.stack([image] * 4), margin=MARGIN, points=np.stack([axis] * 4))


def test_the_spots_are_at_the_axis():
    compose = Composer(Augment(), SCENES, marked_faces())
    seen = 0
    for seed in range(60):
        scene, faces = compose(seed)
        assert scene.shape == (SIDE, SIDE, 3) and scene.dtype == np.uint8
        assert faces.shape == (3, 5) and faces.dtype == np.float32
        for *axis, counts in faces[~np.isnan(faces[:, 0])]:
            (top, bottom), side = np.reshape(axis, (2, 2)), np.hypot(axis[0] - axis[2], axis[1] - axis[3])
            if counts and side > 30 and min(axis) > 3 and max(axis) < SIDE - 4:
                (x, y), (u, v) = top.round().astype(int), bottom.round().astype(int)
                assert scene[y, x].mean() > scene[v, u].mean() + 40
                seen += 1
    assert seen > 5


def test_the_same_seed_gives_the_same_scene():
    light = Augment(brightness=0.3, noise=1.0, grey=0.5, jpeg=0.5)
    first, second = (Composer(light, SCENES, marked_faces())(5) for _ in range(2))
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])
    assert not np.array_equal(first[0], Composer(light, SCENES, marked_faces())(6)[0])


def test_clutter_is_no_face():
    compose = Composer(Augment(), replace(SCENES, clutter=1.0), marked_faces())
    assert all(np.isnan(compose(seed)[1]).all() for seed in range(10))


@pytest.mark.parametrize("roll", [0.0, 30.0, -90.0])
def test_the_points_of_a_photograph_fill_its_box(roll):
    box = (20.0, 30.0, 40.0, 40.0)
    photo = photo_of(np.zeros((9, 9, 3), np.uint8), crops.axis(box, roll))
    assert photo.box == pytest.approx(box)
    upright = crops.apply(crops.affine(box, (100, 100), roll), photo.points[2:])
    assert upright.min(0) == pytest.approx([-0.5, -0.5]) and upright.max(0) == pytest.approx([99.5, 99.5])
