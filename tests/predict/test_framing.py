"""What a net's crop shows of a picture, given a face's box."""

from __future__ import annotations

from dataclasses import replace

import pytest

from keypoints import crops
from keypoints.predict import framing
from keypoints.predict.framing import Framing
from tests.nets import recipe

BOX = (100.0, 50.0, 60.0, 60.0)


def test_parts_of_whole_pictures_see_a_picture_round_the_box():
    left, top, width, height = framing.imm_frame((100.0, 50.0, 60.0, 60.0))
    assert width / height == pytest.approx(4 / 3) and width == pytest.approx(60 * framing.FRAME_WIDTH)
    assert left < 100 and top < 50 and left + width > 160 and top + height > 110


def test_a_recipe_says_how_a_face_is_framed():
    data = recipe().data
    made = Framing.of(data)
    assert made == Framing("box", 1.3, (48, 32), "L")
    assert made.view(BOX) == crops.square(BOX, 1.3)
    assert Framing.of(replace(data, region="image", channels=3)).view(BOX) == framing.imm_frame(BOX)
