"""A batch in pieces gives the gradients of the whole one; compiled, a net learns the same."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from keypoints.errors import UserError
from keypoints.landmarks import NOSE
from keypoints.models.trained import Trained, to_input
from keypoints.settings.recipes import Model, Part
from keypoints.training.loop import Loop
from keypoints.training.processes import Processes
from keypoints.training.step import Step
from tests.blobs import PART, SIZE, blob_faces
from tests.training.test_loop import OWN, PAIR, pairs

PLAIN = Model("plain", {"channels": [4, 8], "kernel": 3, "pool": 2})  # without batch norm


def gradients(part: Part, pieces: list[slice]) -> tuple[float, list[torch.Tensor]]:
    """The loss of seven faces in these pieces, and the gradients."""
    torch.manual_seed(0)
    own = part.data.points == "all"
    faces = (pairs() if own else blob_faces()).take(torch.arange(7).numpy())
    config = replace(part.train, accumulate=len(pieces))
    new = Trained.new(part, PAIR if own else NOSE)
    seen, points = to_input(faces.crops()), torch.from_numpy(faces.points)
    step = Step(config, new, 1, Processes())
    loss = step._find_gradients([(seen[piece], points[piece]) for piece in pieces])
    return loss.item(), [parameter.grad for parameter in new.model.parameters()]


@pytest.mark.parametrize("part", [PART, OWN], ids=["whole faces", "missing points"])
@pytest.mark.parametrize("ends", [(3,), (1, 2), (2, 4, 6)])
def test_pieces_give_the_gradients_of_the_batch(part: Part, ends: tuple[int, ...]) -> None:
    part = replace(part, model=PLAIN)
    pieces = [slice(start, end) for start, end in zip((0, *ends), (*ends, 7), strict=True)]
    loss, expected = gradients(part, [slice(0, 7)])
    found_loss, found = gradients(part, pieces)
    assert found_loss == pytest.approx(loss, rel=1e-5)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_training_in_pieces_learns() -> None:
    part = replace(PART, train=replace(PART.train, accumulate=3))
    loop = Loop(part, blob_faces(), 3, 1, 1)
    loop.run()
    assert loop.history[-1]["train_loss"] < loop.history[0]["train_loss"] / 2


def test_compilation_needs_a_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    part = replace(PART, train=replace(PART.train, compile=True))
    with pytest.raises(UserError, match=r"train\.compile needs a C\+\+ compiler"):
        Loop(part, blob_faces(), 1, 1, 1).run()


def test_a_compiled_net_is_used_in_training_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a compiler that compiles nothing, the weights are those of a net that is not compiled."""
    calls = []

    def compile_nothing(model: torch.nn.Module, **options: object) -> object:
        def run(batch: torch.Tensor) -> torch.Tensor:
            assert model.training and batch.shape[1:] == (1, SIZE, SIZE)
            calls.append(len(batch))
            return model(batch)

        return run

    monkeypatch.setattr(torch, "compile", compile_nothing)
    monkeypatch.setenv("CXX", "python")
    made = [
        Loop(replace(PART, train=replace(PART.train, compile=on)), blob_faces(), 1, 1, 1).run()
        for on in (True, False)
    ]
    assert calls == [8, 8, 8, 8]
    for one, other in zip(*(trained.model.state_dict().values() for trained in made), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)
