"""Aligned crops: the five points lie where recognisers want them, however the picture is turned."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image

from keypoints import crops
from keypoints.errors import UserError
from keypoints.landmarks import IBUG, IMM, NOSE, WFLW
from keypoints.predict.faces import chips
from keypoints.predict.faces.face import Face
from keypoints.synthetic.drawing import Expression, Person, Pose, Scene, draw

DRAWN = draw(Person(), Expression(), Pose(150, 150, 90), Scene(noise=0), (300, 300))
FACE = Face((0.0, 0.0, 9.0, 9.0), 1.0, DRAWN.ibug, IBUG.names())


@given(
    size=st.sampled_from([16, 112, 224]),
    scale=st.floats(0.1, 10),
    roll=st.floats(-180, 180),
    x=st.floats(-50, 500),
    y=st.floats(-50, 500),
)
def test_the_template_of_any_similarity_is_met_exactly(size, scale, roll, x, y) -> None:
    turn = scale * np.exp(1j * np.radians(roll))
    there = (chips.TEMPLATE[:, 0] + 1j * chips.TEMPLATE[:, 1]) * turn + x + 1j * y
    points = np.stack([there.real, there.imag], axis=-1)
    region, angle = chips.place(points, size)
    matrix = crops.affine(region, (size, size), angle)
    np.testing.assert_allclose(crops.apply(matrix, points), chips.template(size), atol=1e-6 * size)


def test_a_chips_own_five_points_lie_on_the_template() -> None:
    """As near as a similarity brings them, which is as near as scikit-image's."""
    transform = pytest.importorskip("skimage.transform")
    five = chips.five(FACE.points, FACE.names)
    region, roll = chips.place(five, 112)
    found = crops.apply(crops.affine(region, (112, 112), roll), five)
    theirs = transform.SimilarityTransform.from_estimate(five, chips.TEMPLATE)
    np.testing.assert_allclose(found, theirs(five), atol=1e-6)
    assert np.linalg.norm(found - chips.TEMPLATE, axis=-1).max() < 6


@settings(deadline=None, max_examples=10)
@given(roll=st.floats(-180, 180))
def test_the_chip_of_a_turned_picture_is_the_same(roll: float) -> None:
    matrix = cv2.getRotationMatrix2D((149.5, 149.5), roll, 1.0)
    image = cv2.warpAffine(np.asarray(DRAWN.image), matrix, (300, 300), flags=cv2.INTER_CUBIC)
    turned = Face(FACE.box, 1.0, crops.apply(matrix, FACE.points), FACE.names)
    difference = np.asarray(turned.chip(Image.fromarray(image)), float) - np.asarray(FACE.chip(DRAWN.image))
    assert np.abs(difference[20:100, 20:92]).mean() < 4  # corners show what the turned picture lacks


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_chip_is_a_picture_of_that_size_and_mode(mode: str) -> None:
    chip = chips.cut(DRAWN.image.convert(mode), FACE.points, FACE.names, 64)
    assert (chip.size, chip.mode) == ((64, 64), mode)


def test_a_chip_of_a_photograph_that_exif_turns_is_upright(tmp_path) -> None:
    """As the points are: by its path, opened, or converted, which keeps its EXIF data."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    path = tmp_path / "a.png"
    DRAWN.image.convert("RGB").transpose(Image.Transpose.ROTATE_90).save(path, exif=exif)
    for picture in (path, Image.open(path), Image.open(path).convert("RGB"), np.asarray(DRAWN.image)):
        np.testing.assert_array_equal(np.asarray(FACE.chip(picture)), np.asarray(FACE.chip(DRAWN.image)))


def test_five_points_of_every_scheme_that_has_them_are_left_before_right() -> None:
    found = chips.five(DRAWN.ibug, IBUG.names()), chips.five(DRAWN.imm, IMM.names())
    assert np.linalg.norm(found[0] - found[1], axis=-1).max() < 10  # of 90 between the eyes' corners
    left, right, nose, *mouth = chips.SITES[WFLW.name]
    assert {WFLW.partners[k] for k in range(98)[left]} == set(range(98)[right])
    assert WFLW.partners[mouth[0]] == mouth[1] and WFLW.partners[nose] == nose


@pytest.mark.parametrize("size", [-112, 0, 15, 2049, 10**9])
def test_a_size_that_is_none_is_refused(size: int) -> None:
    with pytest.raises(UserError, match="choose 16 to 2048"):
        FACE.chip(DRAWN.image, size)


def test_a_part_without_five_points_is_refused() -> None:
    with pytest.raises(UserError, match="where eyes, nose and mouth are"):
        Face((0.0, 0.0, 9.0, 9.0), 1.0, np.zeros((1, 2)), NOSE.names()).chip(DRAWN.image)


def test_points_on_one_spot_have_no_chip() -> None:
    with pytest.raises(ValueError, match="one spot"):
        Face(FACE.box, 1.0, np.ones((68, 2)), FACE.names).chip(DRAWN.image)
