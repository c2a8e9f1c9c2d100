"""Drawn faces, as the cards' figures are measured on."""

from __future__ import annotations

import numpy as np

from keypoints import crops
from keypoints.datasets.tensors import Faces
from keypoints.landmarks import IBUG
from keypoints.reports.release.conditions import Annotated
from keypoints.synthetic.drawing import Scene, draw
from keypoints.synthetic.head import Expression, Person, Pose

SIZE = (96, 112)


def drawn(yaws: list[float], roll: float = 0.0) -> Annotated:
    """One grey face of about 50 pixels for each yaw, degrees."""
    scene = Scene(noise=0, shapes=0)
    faces = [draw(Person(), Expression(), Pose(48, 60, 26, yaw, 0, roll), scene, SIZE) for yaw in yaws]
    points = np.stack([face.ibug for face in faces]).astype(np.float32)
    count = len(faces)
    return Annotated(
        Faces(
            images=np.stack([np.asarray(face.image.convert("L"))[..., None] for face in faces]),
            matrices=np.stack([crops.affine((0, 0, *SIZE), SIZE)] * count),
            margin=0,
            points=points,
            image_size=np.tile(SIZE, (count, 1)).astype(np.int32),
            eye_distance=IBUG.eye_distance(points),
            split=np.array(["test"] * count),
            subset=np.array(["all"] * count),
            group=np.array([str(i) for i in range(count)]),
            name=np.array([f"{i}.jpg" for i in range(count)]),
        ),
        points,
        IBUG,
    )
