"""Predictors that several files ask."""

from __future__ import annotations

from pathlib import Path

import pytest

from keypoints import Predictor
from tests.nets import build


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Those of a small net that has learned nothing."""
    path = tmp_path_factory.mktemp("weights") / "small.pt"
    build().save(path)
    return path


@pytest.fixture(scope="module")
def small(weights: Path) -> Predictor:
    return Predictor(weights=weights)


@pytest.fixture(scope="module")
def shipped() -> Predictor:
    return Predictor()
