"""Device, precision and determinism."""

from __future__ import annotations

import os

import torch

from keypoints.system import garbage


def make_deterministic(seed: int, threads: int) -> None:
    """Set the seed, the number of CPU threads, and deterministic algorithms."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.set_num_threads(threads)
    # A GPU has no such algorithm for adaptive max pooling (the write-up "kim"): there it only warns.
    with garbage.resting():  # it imports torch's compiler, as optimisers do as well
        torch.use_deterministic_algorithms(True, warn_only=torch.cuda.is_available())
    torch.manual_seed(seed)


def choose_device() -> torch.device:
    """A GPU if there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def uses_bfloat16(precision: str, device: torch.device) -> bool:
    """Whether to compute in mixed precision: "bfloat16", or "auto" on a machine that gains by it."""
    gains = device.type == "cuda" or torch.cpu._is_avx512_bf16_supported()
    return precision == "bfloat16" or (precision == "auto" and gains)


def autocast(precision: str, device: torch.device) -> torch.autocast:
    """Mixed precision where `uses_bfloat16` says so."""
    return torch.autocast(device.type, torch.bfloat16, enabled=uses_bfloat16(precision, device))
