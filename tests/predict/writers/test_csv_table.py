"""The table is there only when it is whole."""

from __future__ import annotations

import pytest

from keypoints.landmarks import NOSE
from keypoints.predict import writers


def test_a_table_that_breaks_off_leaves_no_file(tmp_path):
    with pytest.raises(KeyError), writers.Csv(tmp_path / "a.csv", NOSE):
        raise KeyError
    assert not list(tmp_path.iterdir())
    with writers.Csv(tmp_path / "a.csv", NOSE):
        pass
    assert (tmp_path / "a.csv").read_text() == "file,left,top,width,height,score,nose_0_x,nose_0_y\n"
