"""What several test files share."""

from __future__ import annotations

import pandas as pd
import pytest

from keypoints import datasets
from keypoints.errors import Faults
from tests.layouts import BUILT


@pytest.fixture(scope="session")
def tables(tmp_path_factory) -> dict[str, pd.DataFrame]:
    folder, tables = tmp_path_factory.mktemp("archives"), {}
    for name, (files, pack) in BUILT.items():
        tree = files("data/imm_face_db/") if name == "imm" else files()
        tables[name] = datasets.get(name).parse(pack(folder / name, tree), 42, Faults("archive", 0.0))
    return tables
