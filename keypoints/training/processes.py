"""The processes that train one net together, and how they communicate."""

from __future__ import annotations

import io
import os
import socket
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import torch
from torch import Tensor, nn

from keypoints.errors import UserError

T = TypeVar("T")
PATIENCE = timedelta(hours=6)  # the others wait while the first one validates, or waits for its turn
LOST = 1  # exit status of a process after another one has ended


@dataclass(frozen=True)
class Processes:
    """One of `size` processes; by default, the only one.

    All draw the same batches and compute different parts of them; after each step all have the same weights,
    to the byte. The first one validates, reports and writes.
    """

    rank: int = 0
    size: int = 1
    beside: int = 1  # how many of them run on this machine

    @property
    def is_first(self) -> bool:
        return self.rank == 0

    def threads(self, together: int) -> int:
        """This process's share of the threads that all on this machine have together; at least one."""
        return max(1, together // self.beside)

    def part(self, batch: Sequence[T]) -> Sequence[T]:
        """The part of a batch that this process computes."""
        return split(batch, self.rank, self.size)

    def sum(self, value: Tensor) -> Tensor:
        """The sum of all processes' values, the same bytes for each."""
        if self.size > 1:
            value = value.clone()
            torch.distributed.all_reduce(value)
        return value

    def sum_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Give every process the sum of all gradients, by one message in a fixed order.

        DistributedDataParallel would send gradients while others are computed, from which small nets gain
        nothing. But it orders its messages by the first step, so after a resumption three processes would
        round differently and end with other bytes.
        """
        if self.size > 1:
            gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
            message = torch.cat([gradient.flatten() for gradient in gradients])
            torch.distributed.all_reduce(message)
            sums = message.split([gradient.numel() for gradient in gradients])
            for gradient, total in zip(gradients, sums, strict=True):
                gradient.copy_(total.view(gradient.shape))

    def from_first(self, value: T) -> T:
        """What the first process has, for all of them."""
        box = [value]
        if self.size > 1:
            torch.distributed.broadcast_object_list(box)
        return box[0]

    @contextmanager
    def together(self) -> Iterator[None]:
        """Exit silently with the status `LOST` when another process ends, which says why itself."""
        try:
            yield
        except RuntimeError as error:
            if self.size > 1 and any(word in str(error) for word in ("gloo", "NCCL", "by peer", "Socket")):
                sys.exit(LOST)
            raise


ALONE = Processes()


def split(items: Sequence[T], number: int, count: int) -> Sequence[T]:
    """The part `number` of `count` consecutive parts of nearly equal length."""
    return items[len(items) * number // count : len(items) * (number + 1) // count]


@contextmanager
def join(rank: int, size: int, local: int, beside: int, address: str) -> Iterator[Processes]:
    """Join the process group at an address of torch.distributed; only the first process writes to stderr.

    local: the index among the `beside` processes on this machine, and of the GPU
    Raises `UserError` where there is no such GPU.
    """
    check_devices(local + 1)
    backend = "gloo"
    if torch.cuda.is_available():
        torch.cuda.set_device(local)
        backend = "cpu:gloo,cuda:nccl"
    if beside == size:  # all on this machine: listen on the loopback interface only
        loopback = next((name for _, name in socket.if_nameindex() if name.startswith("lo")), "lo")
        os.environ.setdefault("GLOO_SOCKET_IFNAME", loopback)
        os.environ.setdefault("NCCL_SOCKET_IFNAME", loopback)
    torch.distributed.init_process_group(backend, address, PATIENCE, size, rank)
    try:
        with redirect_stderr(sys.stderr if rank == 0 else io.StringIO()):
            yield Processes(rank, size, beside)
    finally:
        torch.distributed.destroy_process_group()


def check_devices(count: int) -> None:
    """Raise `UserError` for a machine that has GPUs, but fewer than `count`."""
    if torch.cuda.is_available() and count > torch.cuda.device_count():
        there = torch.cuda.device_count()
        raise UserError(f"devices: {count} are asked for, this machine has {there}: lower it")
