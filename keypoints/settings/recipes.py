"""What an option of `conf/` says of one part, as typed dataclasses: its recipe.

A default here means "off". Defaults decide results as much as params.yaml does, so every stage that reads a
recipe depends on this file. Units: sizes in pixels of the crop, angles in degrees, shares and probabilities
0…1.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter
from pydantic.dataclasses import dataclass

from keypoints.errors import UserError
from keypoints.landmarks import SCHEMES, Scheme

RANDOM = "keypoints/models/__init__.py"  # in place of a file of weights: the code that draws them
ALL = "all"  # the points that the data set marks, whatever they are: their scheme comes with the data


def check_scheme(name: str) -> str:
    """The name of one of `landmarks.SCHEMES`, or `ALL`. Raises ValueError for any other."""
    if name not in (*SCHEMES, ALL):
        raise ValueError(f"it is none of {', '.join(SCHEMES)}, {ALL}")
    return name


STRICT = ConfigDict(extra="forbid", strict=True, frozen=True)
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[int, Field(gt=0)]
Count = Annotated[int, Field(gt=0, le=10**9)]
Pixels = Annotated[int, Field(gt=0, le=2048)]  # of a crop's side, or a map's
Pair = Annotated[list[Pixels], Field(min_length=2, max_length=2)]
Span = Annotated[list[Annotated[float, Field(gt=0, le=100)]], Field(min_length=2, max_length=2)]  # from, to
Finite = Annotated[float, Field(allow_inf_nan=False)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")]
SchemeName = Annotated[Name, AfterValidator(check_scheme)]
T = TypeVar("T")


@dataclass(config=STRICT)
class Data:
    """What the preprocess stage makes of a data set."""

    dataset: Name  # one of params.yaml's `datasets`
    points: SchemeName
    split: Name
    region: Literal["image", "box"]  # the whole picture, or the square around the box
    scale: Annotated[float, Field(gt=0, allow_inf_nan=False)]  # side of that square / root of the box's area
    crop_size: Pair  # width, height; not `size`, for DVC's run-cache does not see that name (dvc#10296)
    margin: Annotated[int, Field(ge=0, le=2048)]  # pixels kept around the crop for augmentation
    channels: Literal[1, 3]
    target: Literal["philtrum", "tip"] = "philtrum"  # nose1: IMM's point, or landmarks.nose_tip
    # Where annotators draw the box, relative to dlib's: its side, and its middle to the right and down, all
    # in sides of dlib's box.
    frame: Annotated[list[Finite], Field(min_length=3, max_length=3)] = Field(
        default_factory=lambda: [1.0, 0.0, 0.0]
    )

    def scheme(self, brought: Scheme | None) -> Scheme:
        """The scheme of the points: the one that the data `brought`, or the known one. Raises `UserError`."""
        if scheme := brought or SCHEMES.get(self.points):
            return scheme
        raise UserError(f"data.points: {self.points}: only the data say which: run `dvc repro`")


@dataclass(config=STRICT)
class Scenes:
    """Scenes of several faces in place of single crops (see `keypoints/datasets/scenes.py`)."""

    faces: Pair  # the least and the greatest number that is tried
    sides: Span  # sides of faces' boxes, as shares of the scene's width; drawn on a logarithmic scale
    surroundings: Span  # how much of the photograph is pasted with a face, in sides of its box
    upright: Share  # share of the faces that are turned by a few degrees only
    roll: Annotated[float, Field(ge=0, le=180)]  # of the other faces: up to ± degrees
    cover: Share  # probability that a patch covers a part of a face
    clutter: Share  # probability that a piece of background is pasted instead of a face


@dataclass(config=STRICT)
class Augment:
    """Random changes of a training crop. Everything is off unless an option sets it."""

    flip: Share = 0.0  # probability of mirroring, with left and right points swapped
    affine: Share = 1.0  # probability of the next three, which are drawn together
    rotate: Annotated[float, Field(ge=0, le=180)] = 0.0  # up to ± degrees
    scale: Annotated[float, Field(ge=0, lt=1)] = 0.0  # times 1 - scale … 1 + scale
    shift: Annotated[list[Share], Field(min_length=2, max_length=2)] = Field(
        default_factory=lambda: [0.0, 0.0]
    )  # up to ± share of width, height
    perspective: Share = 0.0  # in half of the crops, the corners move inwards: largest standard deviation
    light: Literal["added", "factor"] = "added"  # how the next two work; saturation and hue imply "factor"
    brightness: Share = 0.0  # "added": ± share of 255, "factor": times 1 ± share
    contrast: Share = 0.0
    saturation: Share = 0.0
    hue: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    blur: Share = 0.0  # probability
    noise: Share = 0.0  # probability
    occlusion: Share = 0.0  # probability of one or two boxes of random grey, 0.1 to 0.3 of the side
    grey: Share = 0.0  # probability, of a picture in colour
    jpeg: Share = 0.0  # probability of compression at a quality of 25 to 80
    scenes: Scenes | None = None


@dataclass(config=STRICT)
class Codec:
    """How points become what a net learns (see `keypoints/models/codecs/`)."""

    kind: Literal["coordinates", "distribution", "heatmap", "pca", "centres"]
    loss: Literal["mse", "l1", "smooth_l1", "wing", "laplace", "cross_entropy", "squared", "focal"]
    # coordinates, distribution: targets are (position - offset) * scale, position 0…1
    scale: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    offset: Finite = 0.0
    # Standard deviation of the Gaussian; heatmap: as a share of the crop's width, centres: of the box's side.
    # distribution: the least standard deviation of a map, as a share of the crop's side.
    sigma: Share = 0.0
    # heatmap: weight of the L1 loss of the expectation, beside that of the maps
    coordinate_weight: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    weight: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0  # of the loss; heatmap: of the maps'
    map_size: Pair | None = None  # heatmap: width, height of the maps
    components: Annotated[int, Field(gt=0, le=2048)] = 1  # pca


@dataclass(config=STRICT)
class Model:
    """A family of nets, and what its builder takes (see `keypoints/models/`)."""

    family: Name
    options: dict[str, Any]


@dataclass(config=STRICT)
class Train:
    epochs: Count
    batch: Count
    lr: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    optimizer: Literal["adam", "adamw", "sgd"] = "adam"
    weight_decay: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    schedule: Literal["none", "cosine", "onecycle"] = "none"
    warmup: Share = 0.0  # share of the steps
    ema: Annotated[float, Field(ge=0, lt=1)] = 0.0  # decay of the averaged weights, 0 for none
    clip: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None  # norm of the gradient
    precision: Literal["auto", "float32", "bfloat16"] = "float32"
    accumulate: Count = 1  # pieces in which a batch is computed, one after the other, to save memory
    augment: Literal["workers", "device"] = "workers"  # where faces are augmented: processes, or the GPU
    compile: bool = False  # train with torch.compile: see docs/devices.md
    draws: Count | None = None  # crops per epoch; null: each training face once
    threads: Count | None = None  # of the CPU; null: as many as params.yaml's `threads`
    init: str | None = None  # a weights file to start from, see `training.transfer`; null or RANDOM: none
    frozen: bool = False  # the trunk keeps the weights of `init`; only the last layer learns
    faces: Count | None = None  # train on a subset of this many training faces, drawn by the seed
    # Epochs, counted from 0, whose prediction for one face is kept for a picture, and with any, the last one.
    snapshots: list[Annotated[int, Field(ge=0, le=10**9)]] = Field(default_factory=list)
    profile: bool = False  # write a torch.profiler trace of a few steps to .profiles/

    @property
    def starts_from(self) -> Path | None:
        """The weights file that training starts from, if any."""
        return Path(self.init) if self.init and self.init != RANDOM else None


@dataclass(config=STRICT)
class Evaluate:
    flip: bool = False  # average with the prediction for the mirrored crop


@dataclass(config=STRICT)
class Part:
    """All that one part's option says."""

    recipe: Name
    data: Data
    augment: Augment
    codec: Codec
    model: Model
    train: Train
    evaluate: Evaluate = Field(default_factory=Evaluate)  # not in a weights file


def validate(kind: type[T], tree: Any) -> T:
    """A tree of plain values as one of the dataclasses here. Raises pydantic's ValidationError."""
    # Through JSON, for only there does pydantic's strict mode take a mapping for a dataclass.
    return TypeAdapter(kind).validate_json(json.dumps(tree))
