"""Optimiser, learning rate and averaged weights follow the recipe."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from keypoints.training.optimization import build_average, build_optimizer, build_schedule
from tests.blobs import PART


@pytest.mark.parametrize("schedule", ["none", "cosine", "onecycle"])
def test_the_rate_rises_to_lr_and_falls(schedule):
    config = replace(PART.train, schedule=schedule, warmup=0.25, lr=0.1)
    opt = build_optimizer(config, torch.nn.Linear(2, 2))
    plan = build_schedule(config, opt, 100)
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
    opt = build_optimizer(config, torch.nn.Linear(2, 2))
    plan = build_schedule(config, opt, steps)
    for _ in range(steps):
        assert 0 <= opt.param_groups[0]["lr"] <= 0.1 + 1e-9
        opt.step()
        plan.step()


def test_weight_decay_spares_biases():
    groups = build_optimizer(replace(PART.train, weight_decay=0.1), torch.nn.Linear(3, 2)).param_groups
    assert [(g["weight_decay"], [p.ndim for p in g["params"]]) for g in groups] == [(0.1, [2]), (0, [1])]


def test_the_average_lags_behind_and_converges():
    model = torch.nn.Linear(1, 1, bias=False)
    model.weight.data.fill_(0.0)
    average = build_average(model, 0.9)
    average.update_parameters(model)
    model.weight.data.fill_(1.0)
    values = []
    for _ in range(80):
        average.update_parameters(model)
        values.append(average.module.weight.item())
    assert 0 < values[0] < 1 and values == sorted(values) and values[-1] > 0.99
