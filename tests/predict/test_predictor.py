"""From pictures of any kind to points in their own pixels."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import skimage.data
from PIL import Image

from keypoints import Predictor, crops, pretrained
from keypoints.errors import UserError
from keypoints.landmarks import IBUG
from keypoints.predict import predictor
from keypoints.predict.faces.face import Face

ASTRONAUT = Image.fromarray(skimage.data.astronaut())
BOX = (180.0, 70.0, 90.0, 90.0)


def bytes_of(image: Image.Image, kind: str = "PNG", **more) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **more)
    return buffer.getvalue()


def turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright: to be turned by 90 degrees
    return bytes_of(ASTRONAUT.transpose(Image.Transpose.ROTATE_90), exif=exif)


def deep() -> bytes:
    grey = np.asarray(ASTRONAUT.convert("L"))
    return bytes_of(Image.fromarray(grey.astype(np.uint16) * 257))


@pytest.mark.parametrize(
    "picture",
    [
        np.asarray(ASTRONAUT),
        np.asarray(ASTRONAUT.convert("L")),
        np.asarray(ASTRONAUT.convert("RGBA")),
        ASTRONAUT.convert("LA"),
        ASTRONAUT,
        bytes_of(ASTRONAUT),
        bytes_of(ASTRONAUT, "WEBP", lossless=True),
        turned(),
        deep(),
    ],
    ids=["rgb", "grey", "rgba", "la", "pillow", "png", "webp", "exif", "16 bits"],
)
def test_any_kind_of_picture_gives_the_same_points(small, picture):
    expected, found = (small(p, boxes=[BOX])[0].points for p in (ASTRONAUT, picture))
    assert found == pytest.approx(expected, abs=0.2)  # a grey level or so of rounding


def test_many_pictures_are_answered_as_one_by_one(small):
    second = (10.0, 10.0, 200.0, 200.0)
    together = small.many([(ASTRONAUT, [BOX, second]), (ASTRONAUT, []), (ASTRONAUT, [second])])
    assert [len(faces) for faces in together] == [2, 0, 1]
    assert together[0][1].points == pytest.approx(small(ASTRONAUT, [second])[0].points, abs=1e-2)
    assert together[2][0].points == pytest.approx(together[0][1].points, abs=1e-2)
    assert small.many([]) == []


def test_pictures_that_do_not_fit_into_memory_together_give_the_same(small, monkeypatch):
    half = ASTRONAUT.resize((256, 256)), [(90.0, 35.0, 45.0, 45.0)]
    pictures = [(ASTRONAUT, [BOX]), half, (ASTRONAUT, [BOX])]
    together = small.many(pictures)
    monkeypatch.setattr(predictor, "MAX_PIXELS", ASTRONAUT.width * ASTRONAUT.height)
    for one, other in zip(small.many(pictures), together, strict=True):
        np.testing.assert_allclose(one[0].points, other[0].points, atol=1e-3)


def test_a_face_is_plain_values_for_json(small):
    face = small(ASTRONAUT, boxes=[BOX])[0]
    told = json.loads(json.dumps(face.as_dict()))
    assert told["box"] == list(BOX) and told["score"] == 1.0
    assert [point["name"] for point in told["points"]] == small.scheme.names()
    places = np.array([[point["x"], point["y"]] for point in told["points"]])
    assert places == pytest.approx(face.points, abs=0.006)


@pytest.mark.parametrize(
    "box",
    [(0, 0, 0, 5), (0, 0, -1, 5), (0, 0, 1), (0, 0, float("nan"), 1), 9, None, "1234", tuple("1234")],
)
def test_a_box_without_an_area_is_refused(small, box):
    with pytest.raises(ValueError, match="with an area"):
        small(ASTRONAUT, boxes=[box])


def test_a_face_is_the_same_as_itself(small):
    faces = small(ASTRONAUT, boxes=[BOX, BOX])
    assert set(faces) == set(faces[::-1]) and faces.index(faces[1]) == 1


@pytest.mark.parametrize("score", [-0.1, 90, float("nan")])
def test_a_score_in_other_terms_is_refused(weights, score):
    with pytest.raises(UserError, match="from 0 to 1"):
        Predictor(weights=weights, min_score=score)


@pytest.mark.parametrize("picture", [b"text", bytes_of(ASTRONAUT)[:5000], np.full((4, 4), 2.0)])
def test_what_is_no_picture_is_refused(small, picture):
    with pytest.raises(ValueError):
        small(picture)


def test_mirrored_averaging_is_a_choice(weights):
    found = [Predictor(weights=weights, tta=tta)(ASTRONAUT, [BOX])[0].points for tta in (False, True)]
    assert np.abs(found[0] - found[1]).max() > 1e-3


@pytest.mark.parametrize("wrong", [{"part": "ears"}, {"device": "cuda:7"}, {"detector": "eagle"}])
def test_wrong_names_are_one_line(weights, wrong):
    more = {} if "part" in wrong else {"weights": weights}
    with pytest.raises(UserError, match=r"--(part|device|detector)"):
        Predictor(**wrong, **more)


def test_threads_with_different_pictures_do_not_disturb_each_other():
    """Each thread has a detector of its own; OpenCV's give wrong answers when two threads share one."""
    small = Predictor(threads=1)
    pixels = np.asarray(ASTRONAUT)
    pictures = [np.roll(pixels, 30 * k, axis=1)[:, ::-1] if k % 2 else pixels[10 * k :] for k in range(6)]
    alone = [small(picture) for picture in pictures]
    assert all(alone)
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(small, pictures * 3))
    for expected, found in zip(alone * 3, together, strict=True):
        assert [face.box for face in found] == [face.box for face in expected]
        for one, other in zip(expected, found, strict=True):
            np.testing.assert_allclose(other.points, one.points, atol=1e-3)


def test_the_package_itself_loads_no_torch():
    program = "import sys, keypoints, keypoints.predict.predictor; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_onnx_weights_load_no_torch():
    program = """
import sys, skimage
from keypoints import Predictor
for part in ("nose", "landmarks"):
    assert len(Predictor(part)(skimage.data.astronaut())) == 1
sys.exit(any(name in sys.modules for name in ("torch", "pydantic", "pandas")))
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


NOSE = np.array([225.2, 127.5])  # the tip, pixels of the upright picture


@pytest.mark.parametrize("tta", [True, False])
@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_a_photograph_on_its_side_has_its_points(turns, tta):
    faces = Predictor(tta=tta)(np.ascontiguousarray(np.rot90(np.asarray(ASTRONAUT), turns)))
    face = faces[0]
    assert len(faces) == 1 or not tta, "a glance alone takes some of the background for a face"
    x, y = NOSE
    expected = [(x, y), (y, 511 - x), (511 - x, 511 - y), (511 - y, x)][turns]
    assert np.hypot(*(face.points[30] - expected)) < 3


@pytest.mark.parametrize("tta", [True, False])
def test_what_is_no_face_is_left_out_unless_its_box_was_given(monkeypatch, tta):
    """A hand, a wall or noise, whatever a detector says."""
    shipped = Predictor(tta=tta)
    noise = np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    box = (40.0, 40.0, 120.0, 120.0)
    monkeypatch.setattr(shipped, "find", lambda image: predictor.from_boxes([box]))
    assert shipped(noise) == []
    assert len(shipped(noise, [box])) == 1
    assert len(shipped(ASTRONAUT, [(180.0, 78.0, 90.0, 90.0)])) == 1


@pytest.mark.parametrize("side", [1e6, 1e200])
def test_a_box_larger_than_any_picture_is_refused(shipped, side):
    with pytest.raises(ValueError):
        shipped(ASTRONAUT, [(0.0, 0.0, side, side)])


def test_an_enlarged_picture_has_the_same_points(shipped):
    """Large faces are cut out of what was averaged before."""
    large = ASTRONAUT.resize((6 * 512, 6 * 512), Image.Resampling.BICUBIC)
    (small,), (found,) = (shipped(p, [tuple(k * v for v in BOX)]) for p, k in ((ASTRONAUT, 1), (large, 6)))
    there = (found.points + 0.5) / 6 - 0.5
    assert np.abs(there - small.points).max() < 1.0 and np.abs((there - small.points).mean(0)).max() < 0.12


def test_boxes_that_are_given_are_not_moved(shipped):
    box = (190.0, 90.0, 60.0, 60.0)
    (given, found) = (faces[0] for faces in shipped.many([(ASTRONAUT, [box]), (ASTRONAUT, None)]))
    assert given.box == box and crops.overlap(found.box, box) < 0.7
    assert all(type(side) is float for side in found.box)


def test_a_glance_by_another_net_is_refused():
    with pytest.raises(UserError, match="a glance needs"):
        Predictor(glance=pretrained.file("nose"))


def test_weights_of_unknown_doubt_believe_their_detector(weights):
    """Somebody's own net, however it was trained, returns a face for every box."""
    assert len(Predictor(weights=weights)(ASTRONAUT)) == 1


def test_two_boxes_of_one_face_give_one_face(shipped, monkeypatch):
    """The points of both come to lie on the face, and the surer box is kept."""
    boxes = [(180.0, 78.0, 90.0, 90.0), (205.0, 105.0, 60.0, 60.0)]
    monkeypatch.setattr(shipped, "find", lambda image: predictor.from_boxes(boxes))
    (face,) = shipped(ASTRONAUT)
    assert crops.overlap(face.box, boxes[0]) > 0.75
    assert [face.box for face in shipped(ASTRONAUT, boxes)] == boxes


@pytest.mark.parametrize("down, kept", [(0.55, 1), (0.65, 2)])
def test_a_beard_is_no_face_of_its_own_but_a_neighbour_is(down, kept):
    """Their points differ: what tells is how much the boxes have in common."""
    shape = np.random.default_rng(0).random((68, 2), np.float32)
    faces = [Face((0.0, y, 1.0, 1.0), 0.9, shape + [0, y], IBUG.names()) for y in (0.0, down)]
    assert predictor.distinct(faces, predictor.SHARED) == faces[:kept]
    assert predictor.distinct(faces) == faces, "faces that are followed may cross"


@pytest.mark.parametrize(
    "on, size, names, kept",
    [
        ("left eye", 0.15, IBUG.names(), 1),
        ("right eye", 0.15, IBUG.names(), 1),
        ("nose", 0.15, IBUG.names(), 2),
        ("left eye", 0.5, IBUG.names(), 2),
        ("left eye", 0.15, [f"own_{k}" for k in range(68)], 2),
    ],
)
def test_an_eye_is_no_face_of_its_own(on, size, names, kept):
    """A detector takes one for a small face now and then, and its points agree with each other."""
    middle = {"left eye": (0.3, 0.3), "right eye": (0.7, 0.3), "nose": (0.5, 0.5)}
    shape = np.tile(np.float32([middle["nose"]]), (68, 1))
    around = 0.08 * np.float32([(-1, 0), (-0.5, -0.5), (0.5, -0.5), (1, 0), (0.5, 0.5), (-0.5, 0.5)])
    shape[36:42], shape[42:48] = middle["left eye"] + around, middle["right eye"] + around
    large = Face((0.0, 0.0, 1.0, 1.0), 0.9, shape, names)
    small = np.float32(middle[on]) + size * (shape - shape.mean(0))
    within = Face((*(np.array(middle[on]) - size / 2).tolist(), size, size), 0.6, small, names)
    assert predictor.distinct([large, within]) == [large, within][:kept]
