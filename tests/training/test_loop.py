"""Training learns, repeats itself to the byte, and goes on after a kill as if nothing had been."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keypoints.datasets.tensors import Faces
from keypoints.errors import UserError
from keypoints.landmarks import Scheme
from keypoints.training.checkpoints import Checkpoint
from keypoints.training.loop import Loop
from tests.blobs import PART, blob_faces

EPOCHS = 4


def train(part=PART, faces=None, epochs=EPOCHS, **more):
    loop = Loop(part, faces or blob_faces(), epochs, seed=1, threads=1, **more)
    return loop.run(), loop.history


def bytes_of(trained, folder):
    trained.save(folder / "weights.pt")
    return (folder / "weights.pt").read_bytes()


def test_it_learns(tmp_path):
    faces = blob_faces()
    trained, history = train(faces=faces, epochs=30)
    val = faces.only("val")
    error = np.abs(trained.points(val.crops()) - val.points).mean()
    guess = np.abs(trained.mean_shape - val.points).mean()
    assert error < guess / 4
    assert history[-1]["val_nme"] < history[0]["val_nme"]
    assert [row["epoch"] for row in history] == list(range(1, 31))


def test_same_seed_same_bytes_other_seed_others(tmp_path):
    first = bytes_of(train()[0], tmp_path)
    assert bytes_of(train()[0], tmp_path) == first
    other = Loop(PART, blob_faces(), EPOCHS, seed=2, threads=1).run()
    assert bytes_of(other, tmp_path) != first


def test_tensors_of_another_crop_are_refused():
    part = replace(PART, data=replace(PART.data, crop_size=[16, 24]))
    with pytest.raises(UserError, match=r"\(24, 24\), data.crop_size is \[16, 24\]"):
        Loop(part, blob_faces(), 1, 1, 1)


@pytest.mark.parametrize("schedule", ["none", "cosine", "onecycle"])
@pytest.mark.parametrize("ema", [0.0, 0.9])
def test_a_stopped_run_ends_as_an_unstopped_one(tmp_path, schedule, ema):
    part = replace(PART, train=replace(PART.train, schedule=schedule, ema=ema, warmup=0.2))
    whole, history = train(part)
    checkpoint = Checkpoint(tmp_path / "run.pt", "same", pause=0)

    class Stop(Exception):
        pass

    def stop(row, seconds):
        if row["epoch"] == 2:
            raise Stop

    with pytest.raises(Stop):
        train(part, checkpoint=checkpoint, report=stop)
    seen = []
    resumed, again = train(part, checkpoint=checkpoint, report=lambda row, seconds: seen.append(row["epoch"]))
    assert seen == [2, 3, 4]  # the last one again: the stop may have come before it was reported
    assert again == history
    assert bytes_of(resumed, tmp_path) == bytes_of(whole, tmp_path)


def test_every_epoch_has_its_seconds(tmp_path):
    """They are reported with its row, and are in the checkpoint: a resumed run has those of all epochs."""
    checkpoint = Checkpoint(tmp_path / "run.pt", "same", pause=0)
    reported = []
    loop = Loop(PART, blob_faces(), 2, 1, 1, checkpoint, lambda row, seconds: reported.append(seconds))
    loop.run()
    assert loop.seconds == reported and len(reported) == 2 and min(reported) > 0
    assert "seconds" not in loop.history[0]
    longer = Loop(PART, blob_faces(), 2, 1, 1, checkpoint)
    longer.run()
    assert longer.seconds == reported


def test_kill_9_at_any_moment(tmp_path):
    """The process dies by SIGKILL while it trains; a second one ends as one that was left alone."""
    program = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from keypoints.training.checkpoints import Checkpoint
        from keypoints.training.loop import Loop
        from tests.blobs import PART, blob_faces
        checkpoint = Checkpoint(Path(sys.argv[1]), "same", pause=0)
        loop = Loop(PART, blob_faces(), 40, 1, 1, checkpoint)
        loop.run().save(sys.argv[2])
        checkpoint.remove()
        """
    )
    checkpoint, weights = tmp_path / "run.pt", tmp_path / "killed.pt"
    command = [sys.executable, "-c", program, str(checkpoint), str(weights)]
    environment = os.environ | {"PYTHONPATH": os.getcwd()}
    running = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not checkpoint.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    running.send_signal(signal.SIGKILL)
    assert running.wait() == -signal.SIGKILL
    assert checkpoint.exists() and not weights.exists()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert "going on after epoch" in done.stderr
    assert not checkpoint.exists()
    assert weights.read_bytes() == bytes_of(train(epochs=40)[0], tmp_path)


@settings(max_examples=20, deadline=None)
@given(batch=st.integers(1, 40), draws=st.integers(1, 60))
def test_an_epoch_draws_every_face_equally_often(batch, draws):
    part = replace(PART, train=replace(PART.train, batch=batch, draws=draws))
    loop = Loop(part, blob_faces(), 1, 1, 1)
    batches = list(loop._draw([0]))
    sizes = [len(batch) for batch in batches]
    assert sum(sizes) == draws and max(sizes) - min(sizes) <= 1
    drawn = [face for batch in batches for face, _ in batch]
    counts = [drawn.count(face) for face in range(len(loop.train_faces))]
    assert max(counts) - min(counts) <= 1
    assert batches == list(loop._draw([0])) != list(loop._draw([1]))


def test_an_exploding_loss_is_one_line():
    part = replace(PART, train=replace(PART.train, lr=1e30, optimizer="sgd", clip=None))
    with pytest.raises(UserError, match=r"the loss was not a number in epoch 1: lower train\.lr"):
        train(part)


def test_a_split_without_faces_is_one_line():
    faces = blob_faces()
    faces.split[:] = "test"
    with pytest.raises(UserError, match="no face to train on"):
        train(faces=faces)


def test_without_val_faces_it_trains_too():
    faces: Faces = blob_faces().only("train")
    _, history = train(faces=faces, epochs=1)
    assert np.isnan(history[0]["val_nme"]) and np.isfinite(history[0]["train_loss"])


PAIR = Scheme("pair", {"all": (0, 1)}, (), (0, 1), None, flips=False)
OWN = replace(PART, data=replace(PART.data, points="all"))


def pairs() -> Faces:
    """Two points a picture, of which the second is missing in every other one."""
    faces = blob_faces()
    points = np.concatenate([faces.points, faces.points + 2], axis=1)
    points[::2, 1] = np.nan
    return replace(faces, points=points, scheme=PAIR)


def test_faces_that_lack_points_train(capsys):
    """And a scheme without partners is not flipped, and says so once."""
    trained, history = train(OWN, pairs(), epochs=2)
    assert np.isfinite([row["train_loss"] for row in history]).all()
    assert np.isfinite([row["val_nme"] for row in history]).all()
    assert trained.scheme == PAIR and np.isfinite(trained.mean_shape).all()
    assert capsys.readouterr().err.count("trained without flips") == 1


def test_a_point_that_no_training_face_has_is_named():
    faces = pairs()
    faces.points[faces.split == "train", 1] = np.nan
    with pytest.raises(UserError, match="no training face has the point 'all_1'"):
        train(OWN, faces, epochs=1)


def test_points_that_come_with_the_data_need_their_scheme():
    with pytest.raises(UserError, match=r"data\.points: all"):
        train(OWN, blob_faces(), epochs=1)
