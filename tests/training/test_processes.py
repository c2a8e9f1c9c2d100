"""Two processes train as one does: the same faces a step, the same losses, and weights that never part."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from keypoints.errors import UserError
from keypoints.paths import ROOT
from keypoints.settings import params
from keypoints.training.checkpoints import Checkpoint
from keypoints.training.launcher import launch
from keypoints.training.loop import Loop
from keypoints.training.processes import Processes, split
from tests.blobs import PART, blob_faces
from tests.training import together


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What two processes wrote."""
    made = tmp_path_factory.mktemp("together")
    launch(2, together.all_work, made)
    return made


@pytest.mark.parametrize("case", together.CASES)
def test_two_processes_train_as_one(case: str, folder: Path) -> None:
    """With batches that do not halve, pieces, points that are missing, batch norm, averages and clipping."""
    alone = together.train(together.CASES[case]).history
    both = json.loads((folder / f"{case}.json").read_text())
    for key in ("train_loss", "val_loss"):
        np.testing.assert_allclose([row[key] for row in both[:2]], [row[key] for row in alone[:2]], rtol=1e-4)
    assert both[-1]["val_nme"] == pytest.approx(alone[-1]["val_nme"], rel=0.01)


@pytest.mark.parametrize("case", [*together.CASES, "resumed"])
def test_both_have_the_same_weights_to_the_byte(case: str, folder: Path) -> None:
    assert (folder / f"{case}-0.pt").read_bytes() == (folder / f"{case}-1.pt").read_bytes()


def test_both_go_on_as_if_they_had_never_stopped(folder: Path) -> None:
    assert (folder / "resumed-0.pt").read_bytes() == (folder / "plain-0.pt").read_bytes()


def test_one_goes_on_where_two_stopped(folder: Path) -> None:
    begun = Checkpoint(folder / "begun.pt", "same", pause=0)
    history = together.train(together.CASES["plain"], checkpoint=begun).history
    both = json.loads((folder / "plain.json").read_text())
    assert history[0] == both[0]
    np.testing.assert_allclose(history[1]["train_loss"], both[1]["train_loss"], rtol=1e-4)


def test_a_shared_norm_is_that_of_all_examples(folder: Path) -> None:
    whole = together.run_norm(nn.BatchNorm2d(2), together.examples())
    first, second = (torch.load(folder / f"norm-{rank}.pt") for rank in (0, 1))
    for name, expected in whole.items():
        if name in ("made", "x grad"):
            found = torch.cat([first[name], second[name]])
        else:
            found = first[name] + second[name] if "grad" in name else first[name]
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


@given(st.integers(0, 60), st.integers(1, 9))
def test_parts_are_all_of_it_and_nearly_equal(length: int, count: int) -> None:
    parts = [split(range(length), number, count) for number in range(count)]
    assert [item for part in parts for item in part] == list(range(length))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


@pytest.mark.parametrize("accumulate", [1, 2])
def test_all_processes_together_draw_the_batches_of_one(accumulate: int) -> None:
    part = replace(PART, train=replace(PART.train, batch=7, accumulate=accumulate))
    drawn = [
        list(Loop(part, blob_faces(), 1, 1, 1, processes=Processes(rank, 3))._pieces([0]))
        for rank in range(3)
    ]
    shared = [sorted(face for piece in pieces for face in piece) for pieces in zip(*drawn, strict=True)]
    whole = Loop(PART, blob_faces(), 1, 1, 1)
    whole.batches = len(shared) // accumulate
    batches = [sorted(chain(*shared[i : i + accumulate])) for i in range(0, len(shared), accumulate)]
    assert batches == [sorted(batch) for batch in whole._draw([0])]


def test_threads_are_shared() -> None:
    assert [Processes(beside=count).threads(4) for count in (1, 2, 3, 8)] == [4, 2, 1, 1]


def test_a_batch_in_more_pieces_than_faces_is_one_line() -> None:
    part = replace(PART, train=replace(PART.train, batch=4, accumulate=3))
    with pytest.raises(UserError, match=r"a batch of 4 faces .* in 6 pieces"):
        Loop(part, blob_faces(), 1, 1, 1, processes=Processes(0, 2))


@pytest.mark.parametrize("devices", [0, -1, 1000, 1.5, "two"])
def test_no_such_number_of_devices_is_named(devices: object) -> None:
    tree = params.read(ROOT / "params.yaml") | {"devices": devices}
    with pytest.raises(UserError, match="devices: "):
        params.parse(tree)


def test_torchrun_starts_them_too(tmp_path: Path) -> None:
    script = tmp_path / "program.py"
    script.write_text(
        "import sys\n"
        "from pathlib import Path\n"
        "from keypoints import errors\n"
        "from keypoints.training.launcher import launch\n"
        "from tests.training import together\n"
        "errors.run(launch, 1, together.normalise, Path(sys.argv[1]))\n"
    )
    command = ["-m", "torch.distributed.run", "--standalone", "--local-addr", "127.0.0.1", "--nproc-per-node"]
    words = [sys.executable, *command, "2", str(script), str(tmp_path)]
    done = subprocess.run(words, env=together.environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "norm-0.pt").exists() and (tmp_path / "norm-1.pt").exists()
