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
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from keypoints import recipes
from keypoints.datasets.tensors import Faces
from keypoints.errors import UserError
from keypoints.models import device
from keypoints.training import checkpoints, loop, optimization
from tests.blobs import PART, blob_faces

EPOCHS = 4


def train(part=PART, faces=None, epochs=EPOCHS, **more):
    loop = loop.Loop(part, faces or blob_faces(), epochs, seed=1, threads=1, **more)
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
    other = loop.Loop(PART, blob_faces(), EPOCHS, seed=2, threads=1).run()
    assert bytes_of(other, tmp_path) != first


def test_tensors_of_another_crop_are_refused():
    part = replace(PART, data=replace(PART.data, crop_size=[16, 24]))
    with pytest.raises(UserError, match=r"\(24, 24\), data.crop_size is \[16, 24\]"):
        loop.Loop(part, blob_faces(), 1, 1, 1)


@pytest.mark.parametrize("schedule", ["none", "cosine", "onecycle"])
@pytest.mark.parametrize("ema", [0.0, 0.9])
def test_a_stopped_run_ends_as_an_unstopped_one(tmp_path, schedule, ema):
    part = replace(PART, train=replace(PART.train, schedule=schedule, ema=ema, warmup=0.2))
    whole, history = train(part)
    checkpoint = checkpoints.Checkpoint(tmp_path / "run.pt", "same")

    class Stop(Exception):
        pass

    def stop(row):
        if row["epoch"] == 2:
            raise Stop

    with pytest.raises(Stop):
        train(part, checkpoint=checkpoint, report=stop)
    seen = []
    resumed, again = train(part, checkpoint=checkpoint, report=lambda row: seen.append(row["epoch"]))
    assert seen == [2, 3, 4]  # the last one again: the stop may have come before it was reported
    assert again == history
    assert bytes_of(resumed, tmp_path) == bytes_of(whole, tmp_path)


def test_kill_9_at_any_moment(tmp_path):
    """The process dies by SIGKILL while it trains; a second one ends as one that was left alone."""
    program = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from keypoints import checkpoints, training
        from tests.blobs import PART, blob_faces
        checkpoint = checkpoints.Checkpoint(Path(sys.argv[1]), "same")
        loop = loop.Loop(PART, blob_faces(), 40, 1, 1, checkpoint)
        loop.run().save(sys.argv[2])
        checkpoint.drop()
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


def test_a_checkpoint_of_another_training_is_dropped(tmp_path, capsys):
    path = tmp_path / "run.pt"
    checkpoints.Checkpoint(path, "one").write({"history": [1]})
    assert checkpoints.Checkpoint(path, "one").read()["history"] == [1]
    assert checkpoints.Checkpoint(path, "two").read() is None
    path.write_bytes(b"rubbish")
    assert checkpoints.Checkpoint(path, "one").read() is None
    assert "starting anew" in capsys.readouterr().err


def test_the_fingerprint_follows_what_decides_the_result(tmp_path):
    data = tmp_path / "data"
    data.write_bytes(b"1")
    base = checkpoints.fingerprint(PART, 3, 1, 1, data)
    other = replace(PART, train=replace(PART.train, lr=0.5))
    assert checkpoints.fingerprint(PART, 3, 1, 1, data) == base
    assert checkpoints.fingerprint(other, 3, 1, 1, data) != base
    assert checkpoints.fingerprint(PART, 4, 1, 1, data) != base
    data.write_bytes(b"2")
    assert checkpoints.fingerprint(PART, 3, 1, 1, data) != base


@settings(max_examples=20, deadline=None)
@given(batch=st.integers(1, 40), draws=st.integers(1, 60))
def test_an_epoch_draws_every_face_equally_often(batch, draws):
    part = replace(PART, train=replace(PART.train, batch=batch, draws=draws))
    loop = loop.Loop(part, blob_faces(), 1, 1, 1)
    faces = loop.train_faces
    seen = []

    def augmenter(image, points, seed):
        seen.append(points)
        return image, points

    sizes = [len(crops) for crops, _ in loop._batches(0, augmenter)]
    assert sum(sizes) == draws and max(sizes) - min(sizes) <= 1
    counts = [sum(np.array_equal(p, q) for q in seen) for p in faces.points]
    assert max(counts) - min(counts) <= 1


@pytest.mark.parametrize("schedule", ["none", "cosine", "onecycle"])
def test_the_rate_rises_to_lr_and_falls(schedule):
    config = replace(PART.train, schedule=schedule, warmup=0.25, lr=0.1)
    opt = optimization.optimizer(config, torch.nn.Linear(2, 2))
    plan = optimization.schedule(config, opt, 100)
    rates = []
    for _ in range(100):
        rates.append(opt.param_groups[0]["lr"])
        opt.step()
        plan.step()
    assert max(rates) == pytest.approx(0.1)
    assert rates[0] < 0.05 and rates.index(max(rates)) in range(20, 30)
    assert rates[-1] == pytest.approx(0.1) if schedule == "none" else rates[-1] < 0.01


@pytest.mark.parametrize("schedule", ["cosine", "onecycle"])
@pytest.mark.parametrize("warmup", [0.0, 0.001, 0.5, 1.0])
@pytest.mark.parametrize("steps", [1, 2, 3, 5, 100])
def test_any_warmup_and_length_has_a_schedule(schedule, warmup, steps):
    config = replace(PART.train, schedule=schedule, warmup=warmup, lr=0.1)
    opt = optimization.optimizer(config, torch.nn.Linear(2, 2))
    plan = optimization.schedule(config, opt, steps)
    for _ in range(steps):
        assert 0 <= opt.param_groups[0]["lr"] <= 0.1 + 1e-9
        opt.step()
        plan.step()


def test_abandoned_checkpoints_are_swept(tmp_path):
    old, young = tmp_path / "nose-1.pt", tmp_path / "nose-2.pt"
    for path in (old, young):
        path.write_bytes(b"")
    os.utime(old, (0, 0))
    checkpoints.Checkpoint(tmp_path / "nose-3.pt", "").sweep("nose-*.pt")
    assert not old.exists() and young.exists()


def test_weight_decay_spares_biases():
    groups = optimization.optimizer(replace(PART.train, weight_decay=0.1), torch.nn.Linear(3, 2)).param_groups
    assert [(g["weight_decay"], [p.ndim for p in g["params"]]) for g in groups] == [(0.1, [2]), (0, [1])]


def test_the_average_lags_behind_and_converges():
    model = torch.nn.Linear(1, 1, bias=False)
    model.weight.data.fill_(0.0)
    average = optimization.averaged(model, 0.9)
    average.update_parameters(model)
    model.weight.data.fill_(1.0)
    values = []
    for _ in range(80):
        average.update_parameters(model)
        values.append(average.module.weight.item())
    assert 0 < values[0] < 1 and values == sorted(values) and values[-1] > 0.99


def test_an_exploding_loss_is_one_line():
    part = replace(PART, train=replace(PART.train, lr=1e30, optimizer="sgd", clip=None))
    with pytest.raises(UserError, match=r"no number any more in epoch 1: lower train\.lr"):
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


def test_precision_auto_is_what_the_machine_gains_by():
    on = device.autocast("auto", torch.device("cpu"))
    assert on._enabled == torch.cpu._is_avx512_bf16_supported()
    assert not device.autocast("float32", torch.device("cpu"))._enabled
    assert isinstance(PART, recipes.Part)
