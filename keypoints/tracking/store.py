"""The MLflow store that runs go to: a database in this checkout, or what MLFLOW_TRACKING_URI names."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from keypoints.errors import UserError

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

EXPERIMENT = "facial-keypoints"
DATABASE, ARTIFACTS = "mlflow.db", "mlartifacts"
SPECIAL = frozenset("?%# ")
PATIENCE = 5  # seconds for a lock, or for a server's answer
# Tables of MLflow's database that hold addresses of artifacts, and the columns.
ADDRESSES = {
    "experiments": "artifact_location",
    "runs": "artifact_uri",
    "logged_models": "artifact_location",
    "model_versions": "storage_location",
}


@dataclass(frozen=True)
class Store:
    """An address of MLflow, its client, and the id of the experiment that holds this project's runs."""

    address: str
    client: MlflowClient
    experiment: str

    def search(self, query: str) -> list[Run]:
        """The runs that a query finds, newest first."""
        return list(self.client.search_runs([self.experiment], query))


def server() -> str:
    """The address that MLFLOW_TRACKING_URI names; empty for the database of this checkout."""
    return os.environ.get("MLFLOW_TRACKING_URI", "").strip()


def place() -> str:
    """What a message calls the store."""
    return server() or DATABASE


def connect(root: Path) -> Store:
    """The store of the checkout `root`, made if there is none.

    Raises `UserError` with the remedy where the store does not answer or is of no use.
    """
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", str(PATIENCE))
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    try:
        if server():
            return _open(server(), None)
        artifacts = (root / ARTIFACTS).as_uri()
        _prepare_database(root, artifacts)
        return _open(_address(root / DATABASE), artifacts)
    except UserError:
        raise
    except Exception as error:  # SQLAlchemy's, requests', MLflow's own
        raise UserError(f"{place()}: {explain(error)}") from None


def _address(database: Path) -> str:
    """The database's address: with the absolute path, since MLflow keeps one connection per address.

    If that has characters with a meaning in addresses, such as `?` and `%`, the path is relative.
    """
    path = str(database.resolve())
    return f"sqlite:///{os.path.relpath(database) if SPECIAL.intersection(path) else path}"


def _open(address: str, artifacts: str | None) -> Store:
    from mlflow import MlflowClient

    client = MlflowClient(address)
    found = client.get_experiment_by_name(EXPERIMENT)
    if found is None:
        return Store(address, client, client.create_experiment(EXPERIMENT, artifacts))
    if found.lifecycle_stage == "deleted":
        raise UserError(
            f"{place()}: the experiment {EXPERIMENT} was deleted: "
            f"mlflow experiments restore --experiment-id {found.experiment_id}"
        )
    return Store(address, client, found.experiment_id)


def _prepare_database(root: Path, artifacts: str) -> None:
    """Make the database if there is none; else check that it can be written and belongs to this folder.

    It is made under another name, so that a kill meanwhile does no harm.
    """
    database = root / DATABASE
    with FileLock(root / ".mlflow.lock", timeout=120):
        for left in root.glob(f".{DATABASE}.*"):
            left.unlink()
        if not database.exists():
            made = root / f".{DATABASE}.{os.getpid()}"
            _open(_address(made), artifacts)
            os.replace(made, database)
        else:
            _take_over(database, artifacts)


def _take_over(database: Path, artifacts: str) -> None:
    """Correct the artifact paths of a database that came with a copied or moved checkout.

    Raises sqlite3.Error where it cannot be written.
    """
    with contextlib.closing(sqlite3.connect(database, timeout=PATIENCE)) as connection, connection:
        connection.execute("BEGIN IMMEDIATE")
        query = "SELECT artifact_location FROM experiments WHERE name = ?"
        found = connection.execute(query, (EXPERIMENT,)).fetchone()
        if found is None or found[0] == artifacts:
            return
        for table, column in ADDRESSES.items():
            moved = f"UPDATE {table} SET {column} = ? || substr({column}, ?) WHERE instr({column}, ?) = 1"
            connection.execute(moved, (artifacts, len(found[0]) + 1, found[0]))


REMEDIES = {
    "could not be acquired": "another process has been making it for two minutes: end that one",
    "locked": "another program holds it: close that one",
    "readonly": "it cannot be written: chmod u+w it and its folder",
    "full": "no space is left: free some",
    "unable to open": "it cannot be opened: make it and its folder readable and writable",
    "not a database": "it is damaged: move it away, and a new one is made",
    "malformed": "it is damaged: move it away, and a new one is made",
    **dict.fromkeys(
        ("no such table", "no such column", "duplicate column", "already exists"),
        "it is no database of MLflow, or half of one: move it away, and a new one is made",
    ),
    "out-of-date database schema": "it is of another MLflow: mlflow db upgrade sqlite:///mlflow.db",
    "can't locate revision": "it is of a newer MLflow: install that one, or move it away",
    "refused": "no server answers there: start it, or unset MLFLOW_TRACKING_URI",
    "resolve": "no server answers there: start it, or unset MLFLOW_TRACKING_URI",
    "timed out": f"no answer in {PATIENCE} seconds: see what the server does, or unset MLFLOW_TRACKING_URI",
}


def explain(error: BaseException) -> str:
    """What is wrong with a store and what to do, in one line."""
    text = " ".join(str(error).split())
    for sign, remedy in REMEDIES.items():
        if sign in text.lower():
            return remedy
    return f"{text[:200] or type(error).__name__}: see to it, or set KEYPOINTS_TRACKING=off"
