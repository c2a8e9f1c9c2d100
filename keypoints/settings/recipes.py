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

from keypoints.landmarks import SCHEMES

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
Count = Annotated[int, Field(gt=0, le=10**9)]  # of anything that is done so often
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
    # Where annotators draw the box, seen from dlib's: side, and middle to the right and down, in its sides.
    frame: Annotated[list[Finite], Field(min_length=3, max_length=3)] = Field(
        default_factory=lambda: [1.0, 0.0, 0.0]
    )


@dataclass(config=STRICT)
class Scenes:
    """Scenes of several faces in place of single crops (see `keypoints/datasets/scenes.py`)."""

    faces: Pair  # the least and the greatest number that is tried
    sides: Span  # of a face's box, of the scene's width; drawn evenly on a logarithmic scale
    surroundings: Span  # what is pasted around a face, in sides of its box
    upright: Share  # of the faces, turned by a few degrees only
    roll: Annotated[float, Field(ge=0, le=180)]  # the others: up to ± degrees
    cover: Share  # probability of a patch over a part of a face
    clutter: Share  # probability of a piece of a photograph beside its face, in a face's place


@dataclass(config=STRICT)
class Augment:
    """Random changes of a training crop. Everything is off unless an option asks for it."""

    flip: Share = 0.0  # mirrored, partners swapped
    affine: Share = 1.0  # probability of the three that follow, drawn together
    rotate: Annotated[float, Field(ge=0, le=180)] = 0.0  # up to ± degrees
    scale: Annotated[float, Field(ge=0, lt=1)] = 0.0  # times 1 - scale … 1 + scale
    shift: Annotated[list[Share], Field(min_length=2, max_length=2)] = Field(
        default_factory=lambda: [0.0, 0.0]
    )  # up to ± share of width, height
    perspective: Share = 0.0  # half of the time corners move in by a random share with up to this deviation
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
    scale: Annotated[float, Field(gt=0, allow_inf_nan=False)] = (
        1.0  # coordinates, distribution: targets are (position - offset) * scale, position 0…1
    )
    offset: Finite = 0.0
    # Of the Gaussian; heatmap: as a share of the crop's width, centres: of the box's side. distribution: what
    # the deviation of a map is at least, as a share of the crop's side.
    sigma: Share = 0.0
    coordinate_weight: Annotated[float, Field(ge=0, allow_inf_nan=False)] = (
        0.0  # heatmap: of the L1 of the expectation, beside the maps' loss
    )
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
    accumulate: Count = 1  # pieces in which a batch is computed, one after the other: less memory
    augment: Literal["workers", "device"] = "workers"  # which changes the faces: processes, or a fast GPU
    compile: bool = False  # the net, by torch.compile, in training: see docs/devices.md
    draws: Count | None = None  # crops an epoch; null: each training face once
    threads: Count | None = None  # of the CPU; null: as many as params.yaml's `threads`
    init: str | None = None  # a weights file to start from, see `training.transfer`; null or RANDOM: none
    frozen: bool = False  # the trunk stays as it was there; only the last layer learns
    faces: Count | None = None  # train on so many of the training faces only, drawn by the seed
    # Epochs, counted from 0, whose answer for one face is kept for a picture; with any, the last one's too.
    snapshots: list[Annotated[int, Field(ge=0, le=10**9)]] = Field(default_factory=list)
    profile: bool = False  # a trace of a few steps by torch.profiler into .profiles/

    @property
    def starts_from(self) -> Path | None:
        """The weights file that it starts from, if it does."""
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
