"""The interface of all codecs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from torch import Tensor

from keypoints.settings import recipes


@dataclass(frozen=True)
class OutputSpec:
    """The output that a codec needs from a net: (N, count), or maps (N, count, *map_size) if that is set.

    `map_size` is (height, width).
    """

    count: int
    map_size: tuple[int, int] | None = None


class Codec(ABC):
    """Points (N, K, 2), pixels of the crop, to targets and back.

    `output_spec` is set by the constructor. A codec that learns nothing from the training points leaves
    `fit`, `state` and `restore` as they are.
    """

    output_spec: OutputSpec

    @abstractmethod
    def __init__(self, config: recipes.Codec, points: int, size: tuple[int, int]) -> None:
        """`size` is (width, height) of the crop, pixels."""

    def fit(self, points: Tensor) -> None:
        """Learn what the codec needs from the training points (N, K, 2)."""
        return

    def state(self) -> dict[str, Tensor]:
        """What `fit` learned, to be stored with the weights."""
        return {}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Load what `state` returned."""
        return

    @abstractmethod
    def encode(self, points: Tensor) -> Tensor:
        """Points (N, K, 2), pixels of the crop -> the target (N, …)."""

    @abstractmethod
    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        """How far the net's output (N, …), as `output_spec` says, is from the target: one number."""

    def perfect(self, target: Tensor) -> Tensor:
        """The output of a net that has learned the target."""
        return target

    @abstractmethod
    def decode(self, output: Tensor) -> Tensor:
        """The net's output (N, …) -> points (N, K, 2), pixels of the crop."""
