"""Limits of a net's size, which comes from files and options: no net that a computer cannot run is built."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn
from torch.nn.modules import module

LAYERS = 5_000
NUMBERS = 500_000_000  # weights; VGG-16 has 138 million
OUTPUT = 2**27  # numbers that one layer gives for one crop
WORK = 2**40  # multiplications for one crop; VGG-16 takes 2**34 at 224 x 224 pixels


@contextmanager
def bounded() -> Iterator[None]:
    """Within the block, a net that grows beyond these limits raises ValueError, before its memory is used."""
    layers = numbers = work = 0

    def count_layer(_: nn.Module, __: str, ___: nn.Module | None) -> None:
        nonlocal layers
        layers += 1
        if layers > LAYERS:
            raise ValueError(f"a net of more than {LAYERS} layers")

    def count_numbers(_: nn.Module, __: str, weights: nn.Parameter | None) -> None:
        nonlocal numbers
        numbers += 0 if weights is None else weights.numel()
        if numbers > NUMBERS:  # allocated, and not yet written to
            raise ValueError(f"a net of more than {NUMBERS} weights")

    def count_work(layer: nn.Module, inputs: tuple[Any, ...]) -> None:
        nonlocal work
        if isinstance(layer, nn.Conv2d) and isinstance(inputs[0], Tensor):
            area = inputs[0].shape[-2] * inputs[0].shape[-1] // (layer.stride[0] * layer.stride[1])
            work += area * layer.weight.numel()
            if area * layer.out_channels > OUTPUT or work > WORK:
                raise ValueError(f"a net that is too large for crops of {tuple(inputs[0].shape[2:])} pixels")

    hooks = [
        module.register_module_module_registration_hook(count_layer),
        module.register_module_parameter_registration_hook(count_numbers),
        module.register_module_forward_pre_hook(count_work),
    ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
