"""Finding the astronaut; boxes brought to dlib's."""

from __future__ import annotations

import numpy as np
import pytest
import skimage.data
from hypothesis import given
from hypothesis import strategies as st

from keypoints.errors import UserError
from keypoints.predict import detectors
from keypoints.predict.detectors import Detection

ASTRONAUT = skimage.data.astronaut()
FACE = (182.0, 78.0, 84.0, 84.0)  # as one sees it
numbers = st.floats(-100, 100)
boxes = st.tuples(numbers, numbers, st.floats(1, 100), st.floats(1, 100))


def only(found: list[Detection]) -> Detection:
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("scale", [1, 4], ids=["as it is", "4 megapixels"])
def test_haar_finds_the_astronaut_in_her_own_pixels(scale):
    image = np.repeat(np.repeat(ASTRONAUT, scale, 0), scale, 1)
    found = only(detectors.build("haar")(image))
    assert detectors.overlap([v / scale for v in found.box], FACE) > 0.7


def test_a_mirrored_picture_has_the_mirrored_face():
    found = only(detectors.build("haar")(ASTRONAUT[:, ::-1]))
    left, top, width, height = found.box
    assert detectors.overlap((512 - left - width, top, width, height), FACE) > 0.7


def test_nothing_is_found_where_nothing_is():
    assert detectors.build("haar")(np.full((200, 300, 3), 90, np.uint8)) == []


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 400, 3), (23, 23, 3)])
def test_tiny_pictures_are_searched_too(shape):
    assert detectors.build("haar")(np.zeros(shape, np.uint8)) == []


def test_whole_is_the_picture():
    found = only(detectors.build("whole")(np.zeros((60, 60, 3), np.uint8)))
    assert found == Detection((0.0, 0.0, 60.0, 60.0), 1.0)


@given(boxes)
def test_every_detector_is_calibrated_to_a_square(box):
    for name in detectors.DETECTORS:
        assert name in detectors.CALIBRATION
        _, _, width, height = detectors.calibrated(box, name)
        assert width == height > 0


@given(boxes, boxes)
def test_overlap_is_symmetric_and_one_for_the_same(a, b):
    assert detectors.overlap(a, b) == pytest.approx(detectors.overlap(b, a))
    assert 0 <= detectors.overlap(a, b) <= 1 + 1e-9
    assert detectors.overlap(a, a) == pytest.approx(1)


def test_one_face_found_twice_is_one():
    same, other = Detection((0, 0, 10, 10), 1), Detection((50, 0, 10, 10), 2)
    assert detectors.distinct([same, Detection((1, 0, 10, 10), 3), other]) == [
        Detection((1, 0, 10, 10), 3),
        other,
    ]


def test_a_box_from_points_follows_them():
    points = np.random.default_rng(0).uniform(0, 100, (68, 2))
    left, top, side, _ = detectors.from_points(points)
    moved = detectors.from_points(2 * points + [5, 7])
    assert moved == pytest.approx((2 * left + 5, 2 * top + 7, 2 * side, 2 * side))


def test_dlib_agrees_or_says_what_to_install():
    try:
        detector = detectors.build("dlib")
    except UserError as error:
        assert "pip install dlib-bin" in str(error)
    else:
        assert detectors.overlap(only(detector(ASTRONAUT)).box, FACE) > 0.6


@pytest.mark.parametrize("content", [None, b"no net"])
def test_yunet_wants_its_file(tmp_path, content):
    path = tmp_path / "net.onnx"
    if content:
        path.write_bytes(content)
    with pytest.raises(UserError, match=r"net\.onnx"):
        detectors.build("yunet", path)


def test_an_unknown_detector_is_one_line():
    with pytest.raises(UserError, match=r"eagle.*haar, dlib, yunet, whole"):
        detectors.build("eagle")
