"""What the tests of tracking share: a checkout with a database of its own, and runs told of by hand."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from keypoints.paths import ROOT
from keypoints.settings import params
from keypoints.tracking import runs, sending, sent_run, store
from tests.blobs import PART, blob_faces

FACES = blob_faces()
HISTORY = pd.DataFrame({"epoch": [1, 2], "val_nme": [9.0, 8.0]})


class Silent(runs.Sender):
    """No process beside the stage: what is written stays until the test sends it."""

    def __init__(self, *journal: Path) -> None:
        self.said = False

    def check(self) -> None: ...

    def wait(self, seconds: int = 0) -> None: ...


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout's folder, without a database."""
    for name in ("MLFLOW_HTTP_REQUEST_TIMEOUT", "MLFLOW_HTTP_REQUEST_MAX_RETRIES"):
        monkeypatch.setenv(name, "1" if name.endswith("TIMEOUT") else "0")
    for name in ("KEYPOINTS_TRACKING", "MLFLOW_TRACKING_URI", "DVC_EXP_NAME", "DVC_EXP_BASELINE_REV"):
        monkeypatch.delenv(name, raising=False)
    made = tmp_path / "checkout"
    made.mkdir()
    (made / "tensors.npz").write_bytes(b"tensors")
    (made / "nose.pt").write_bytes(b"weights")
    monkeypatch.setenv("DVC_ROOT", str(made))
    monkeypatch.setattr(runs, "Sender", Silent)
    return made


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that was made once: it takes MLflow seconds."""
    made = tmp_path_factory.mktemp("template")
    store.connect(made)
    return made / store.DATABASE


@pytest.fixture
def tracked(root: Path, database: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with a database; a model is noted as a tag, since to make one takes a second."""
    shutil.copyfile(database, root / store.DATABASE)
    monkeypatch.setattr(sent_run.SentRun, "model", lambda self, weights: self.tag({"model": weights.name}))
    return root


@pytest.fixture
def settings() -> params.Params:
    """One part, of a recipe that conf/ does not have."""
    return replace(params.load(ROOT / "params.yaml"), parts={"nose": PART})


@pytest.fixture
def train(root: Path, settings: params.Params) -> Callable[..., None]:
    """Tell of a training by its fingerprint; what `during` raises ends it."""

    def tell(fingerprint: str = "one", during: Callable[[runs.Run], None] = lambda run: None) -> None:
        with runs.training_run("nose", settings, root / "tensors.npz", FACES, fingerprint) as run:
            run.epoch({"epoch": 1, "val_nme": 9.0, "seconds": 2.0})
            during(run)
            run.weights(root / "nose.pt")

    return tell


@pytest.fixture
def measure(root: Path, settings: params.Params) -> Callable[[float], None]:
    """Tell of figures, and a picture."""

    def tell(nme: float) -> None:
        (root / "plots").mkdir(exist_ok=True)
        (root / "plots/curves.png").write_bytes(b"picture")
        arguments = ("nose", settings, root / "tensors.npz", FACES, root / "nose.pt", HISTORY)
        with runs.measured_run(*arguments) as run:
            run.figures({"nme": nme})
            run.pictures(root / "plots")

    return tell


@pytest.fixture
def found(tracked: Path) -> Callable[[], list]:
    """All runs, oldest first, once everything that was told is sent."""

    def send_and_find() -> list:
        sending.send_kept(None)
        return store.connect(tracked).search("")[::-1]

    return send_and_find
