"""Predictions are read again for as many faces as they are of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from keypoints import files
from keypoints.errors import UserError
from keypoints.evaluation import predictions


def test_comes_back_for_its_faces_only(tmp_path: Path) -> None:
    nme = np.float32([1, np.nan, 3])  # a face without any point has no error
    arrays = {"points": np.ones((3, 5, 2), np.float32), "nme": nme, "mean_shape_nme": nme}
    files.save_arrays(tmp_path / "p.npz", arrays | {"point_nme": np.ones((3, 5))})
    np.testing.assert_array_equal(predictions.load(tmp_path / "p.npz", 3, 5)["nme"], nme)
    with pytest.raises(UserError, match="is of 3 faces, not of these 2: run `dvc repro`"):
        predictions.load(tmp_path / "p.npz", 2, 5)
    with pytest.raises(UserError, match="is of 5 points, not of 4: run `dvc repro`"):
        predictions.load(tmp_path / "p.npz", 3, 4)
