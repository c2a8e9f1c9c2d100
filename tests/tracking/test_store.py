"""The store: made whole, of this folder, and what is wrong with it in one line with a remedy."""

from __future__ import annotations

import contextlib
import shutil
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from keypoints.errors import UserError
from keypoints.tracking import sending, store


def run_sql(database: Path, command: str) -> None:
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(command)


def test_a_database_of_another_folder_logs_into_this_one(tracked, train, measure, found, tmp_path):
    train()
    measure(3.0)
    (run,) = found()
    copy = tmp_path / "copy"
    shutil.copytree(tracked, copy)
    shutil.rmtree(tracked)
    target = store.connect(copy)
    assert (
        target.client.get_experiment(target.experiment).artifact_location == (copy / "mlartifacts").as_uri()
    )
    assert {file.path for file in target.client.list_artifacts(run.info.run_id)} == {"card.html", "pictures"}
    made = target.client.create_run(target.experiment)
    assert made.info.artifact_uri.startswith((copy / "mlartifacts").as_uri())


def test_what_a_kill_left_while_the_database_was_made_is_swept(root):
    (root / ".mlflow.db.123").write_bytes(b"half")
    store.connect(root)
    assert sorted(path.name for path in root.glob("*mlflow*")) == [".mlflow.lock", "mlflow.db"]


def test_characters_that_mean_something_in_an_address_do_no_harm(root, database, monkeypatch, tmp_path):
    odd = tmp_path / "a%20b ?x=1#y&z"
    odd.mkdir()
    shutil.copyfile(database, odd / store.DATABASE)
    program = """if True:
        from pathlib import Path
        from keypoints.tracking import store
        target = store.connect(Path.cwd())
        run = target.client.create_run(target.experiment)
        target.client.log_artifact(run.info.run_id, "note.txt")
    """
    (odd / "note.txt").write_text("a note")
    monkeypatch.setenv("PYTHONPATH", str(Path(store.__file__).parents[2]))
    done = subprocess.run([sys.executable, "-c", program], cwd=odd, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert [path.read_text() for path in odd.glob("mlartifacts/*/artifacts/note.txt")] == ["a note"]
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("a")] == [odd.name]


def test_an_empty_address_is_none(root, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", " ")
    assert store.server() == "" and store.place() == store.DATABASE


def locked(database):
    connection = sqlite3.connect(database)
    connection.execute("BEGIN EXCLUSIVE")
    return connection  # held while the test lives


def damaged(database):
    database.write_bytes(b"spoilt" * 1000)


def empty(database):
    database.write_bytes(b"")
    run_sql(database, "CREATE TABLE experiments (experiment_id INTEGER)")


def of_another_version(database):
    run_sql(database, "UPDATE alembic_version SET version_num = '867495a8f9d4'")


def half_made(database):
    run_sql(database, "DROP TABLE alembic_version")
    run_sql(database, "DROP TABLE latest_metrics")


def deleted(database):
    run_sql(database, "UPDATE experiments SET lifecycle_stage = 'deleted'")


@pytest.mark.parametrize(
    "spoil, remedy",
    [
        (locked, "another program holds it"),
        (damaged, "move it away"),
        (empty, "move it away"),
        (of_another_version, "mlflow db upgrade sqlite:///mlflow.db"),
        (half_made, "move it away"),
        (deleted, "mlflow experiments restore --experiment-id 1"),
    ],
)
def test_a_database_of_no_use_is_one_line_and_keeps_the_journal(tracked, train, monkeypatch, spoil, remedy):
    monkeypatch.setattr(store, "PATIENCE", 0.1)
    train()
    held = spoil(tracked / store.DATABASE)
    with pytest.raises(UserError) as raised:
        sending.send_kept(None)
    line = str(raised.value)
    assert "mlflow.db: " in line and remedy in line and "\n" not in line
    assert len(sending.journal.kept()) == 1
    del held


def test_one_run_that_is_refused_holds_up_no_other(tracked, train, monkeypatch):
    train("one")
    train("two")
    take = sending.SentRun.take

    def refuse_one(self, event, folder):
        if self.facts["fingerprint"] == "one":
            raise ValueError("a parameter is too long")
        take(self, event, folder)

    monkeypatch.setattr(sending.SentRun, "take", refuse_one)
    with pytest.raises(UserError, match="a parameter is too long"):
        sending.send_kept(None)
    assert len(sending.journal.kept()) == 1


@pytest.mark.parametrize(
    "text, remedy",
    [
        ("database or disk is full", "free some"),
        ("attempt to write a readonly database", "chmod"),
        ("unable to open database file", "readable and writable"),
        ("database disk image is malformed", "move it away"),
        ("something new\nTraceback", "something new Traceback: see to it"),
        ("", "ValueError: see to it"),
    ],
)
def test_what_is_wrong_comes_with_what_to_do(text, remedy):
    assert remedy in store.explain(ValueError(text))


def test_what_was_kept_is_sent_when_the_store_is_back(tracked, train, found, monkeypatch):
    monkeypatch.setattr(store, "PATIENCE", 0.1)
    held = locked(tracked / store.DATABASE)
    train("one")
    train("two")
    with pytest.raises(UserError):
        sending.send_kept(None)
    held.close()
    assert [run.data.tags["fingerprint"] for run in found()] == ["one", "two"]
    assert sending.journal.kept() == []


@pytest.mark.parametrize("backlog", [None, 1], ids=["absent", "silent"])
def test_a_server_that_does_not_answer_is_one_line(tracked, train, monkeypatch, backlog):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        if backlog:
            server.listen(backlog)
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        train()
        with pytest.raises(UserError, match="unset MLFLOW_TRACKING_URI") as raised:
            sending.send_kept(None)
    assert str(raised.value).startswith(f"{address}: ")
    assert len(sending.journal.kept()) == 1


def test_two_checkouts_in_one_process_have_a_database_each(tmp_path, monkeypatch):
    """MLflow keeps a connection per address, and every checkout's database has the same name."""
    made = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        made.append(store.connect(tmp_path / name))
        made[-1].client.create_run(made[-1].experiment, run_name=name)
    assert [[run.info.run_name for run in each.search("")] for each in made] == [["one"], ["two"]]
