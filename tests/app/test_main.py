"""What `keypoints app` offers, by what it is told."""

from __future__ import annotations

import pytest

from keypoints.app.__main__ import offer
from keypoints.errors import UserError
from keypoints.predict.detectors import DEFAULT


def test_several_looks_are_for_still_pictures_of_68_points():
    models = offer(looks=3)
    assert models.get("landmarks", DEFAULT, tta=True).looks == 3
    assert models.get("landmarks", DEFAULT, tta=False).looks == 1
    assert models.get("nose", DEFAULT, tta=True).looks == 1


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"looks": 0}, "--looks"), ({"weights": "gone.pt"}, "gone.pt"), ({"detector": "nobody"}, "nobody")],
)
def test_what_is_wrong_is_said_before_the_page_is_served(wrong, said):
    with pytest.raises(UserError, match=said):
        offer(**wrong)
