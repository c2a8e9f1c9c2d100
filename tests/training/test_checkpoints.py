"""A checkpoint is of one training, goes when it ends, and is swept when it was abandoned."""

from __future__ import annotations

import os
from dataclasses import replace

from keypoints.settings.recipes import Evaluate
from keypoints.training import dependencies
from keypoints.training.checkpoints import Checkpoint, fingerprint
from tests.blobs import PART


def test_a_checkpoint_of_another_training_is_not_read(tmp_path, capsys):
    path = tmp_path / "run.pt"
    Checkpoint(path, "one", pause=0).write({"history": [1]})
    assert Checkpoint(path, "one", pause=0).read()["history"] == [1]
    assert Checkpoint(path, "two", pause=0).read() is None
    path.write_bytes(b"rubbish")
    assert Checkpoint(path, "one", pause=0).read() is None
    assert "starting over" in capsys.readouterr().err


def test_is_written_once_in_a_while(tmp_path):
    checkpoint = Checkpoint(tmp_path / "run.pt", "one", pause=60)
    checkpoint.write({"history": [1]})
    assert checkpoint.read() is None
    checkpoint.written -= 61
    for epochs in ([1, 2], [1, 2, 3]):
        checkpoint.write({"history": epochs})
    assert checkpoint.read()["history"] == [1, 2]


def test_the_fingerprint_follows_what_decides_the_result(tmp_path):
    data = tmp_path / "data"
    data.write_bytes(b"1")
    base = fingerprint(PART, 3, 1, 1, data)
    other = replace(PART, train=replace(PART.train, lr=0.5))
    assert fingerprint(PART, 3, 1, 1, data) == base
    assert fingerprint(other, 3, 1, 1, data) != base
    assert fingerprint(PART, 4, 1, 1, data) != base
    assert fingerprint(replace(PART, evaluate=Evaluate(flip=True)), 3, 1, 1, data) == base
    data.write_bytes(b"2")
    assert fingerprint(PART, 3, 1, 1, data) != base


def test_the_fingerprint_follows_the_code_of_the_train_stage(tmp_path, monkeypatch):
    data, code = tmp_path / "data", tmp_path / "code.py"
    data.write_bytes(b"1")
    monkeypatch.setattr(dependencies, "code_of", lambda stage: {"train": [code]}[stage])
    prints = []
    for text in ("a = 1\n", "a = 2\n"):
        code.write_text(text)
        prints.append(fingerprint(PART, 3, 1, 1, data))
    assert prints[0] != prints[1]


def test_abandoned_checkpoints_are_swept(tmp_path):
    old, young = tmp_path / "nose-1.pt", tmp_path / "nose-2.pt"
    for path in (old, young):
        path.write_bytes(b"")
    os.utime(old, (0, 0))
    Checkpoint(tmp_path / "nose-3.pt", "").sweep("nose-*.pt")
    assert not old.exists() and young.exists()
