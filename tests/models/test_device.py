"""What the machine gains by, and that it repeats itself."""

from __future__ import annotations

import torch

from keypoints.models import device

CPU = torch.device("cpu")


def test_precision_auto_is_what_the_machine_gains_by():
    gains = torch.cpu._is_avx512_bf16_supported()
    assert device.uses_bfloat16("auto", CPU) == gains
    assert device.autocast("auto", CPU)._enabled == gains
    for precision, expected in (("float32", False), ("bfloat16", True)):
        assert device.uses_bfloat16(precision, CPU) == device.autocast(precision, CPU)._enabled == expected


def test_one_seed_gives_the_same_numbers():
    made = []
    for _ in range(2):
        device.make_deterministic(seed=3, threads=1)
        made.append(torch.rand(4))
    assert torch.equal(*made) and torch.get_num_threads() == 1
