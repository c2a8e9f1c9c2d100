"""What the tests of the exports share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.export.helpers import warmed


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half-precision weights of a small net."""
    path = tmp_path_factory.mktemp("weights") / "nose.pt"
    warmed().save(path, half=True)
    return path
