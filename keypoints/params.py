"""`params.yaml` as typed dataclasses; every wrong value is named with its key.

The file is composed from `conf/` (see `keypoints/compose.py`) and arrives resolved; nobody edits
it. A default here means "off" and stays what it is: stages depend on params.yaml, not on this
file. Units: sizes in pixels of the crop, angles in degrees, shares and probabilities 0…1.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from keypoints.errors import UserError

STRICT = ConfigDict(extra="forbid", strict=True, frozen=True)
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[int, Field(gt=0)]
T = TypeVar("T")
DATASETS = ("imm", "ibug", "youtube")
Pair = Annotated[list[Positive], Field(min_length=2, max_length=2)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")]


@dataclass(config=STRICT)
class Profile:
    """Which data, and how much of it."""

    name: Name
    source: Literal["synthetic", "archives"]  # drawn by the project, or the official archives
    mirror: str | None  # a folder that is looked in before any address
    faces: dict[str, Positive]  # how many faces to draw for each synthetic data set
    max_epochs: dict[str, Positive | None]  # an upper bound for each part
    batch: Positive  # faces a step, where an option takes it over by ${train.batch}
    max_broken: Share  # of the images may be unreadable and left out


@dataclass(config=STRICT)
class Source:
    """An address, and the hash of what it gives where that is known."""

    url: Annotated[str, Field(pattern=r"^https?://")]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None


@dataclass(config=STRICT)
class Dataset:
    """Where an archive comes from: `file` in a mirror folder, else the sources in turn."""

    file: Annotated[str, Field(pattern=r"^[^/\\]+$")]
    sha256: list[Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]]  # accepted from a mirror
    sources: list[Source]


@dataclass(config=STRICT)
class Data:
    """What the preprocess stage makes of a data set."""

    dataset: Literal["imm", "ibug", "youtube"]
    points: Literal["nose1", "imm58", "ibug68"]
    split: Name
    region: Literal["image", "box"]  # the whole picture, or the square round the box
    scale: Annotated[float, Field(gt=0, allow_inf_nan=False)]  # side of that square / root of the box's area
    crop_size: Pair  # width, height; not `size`, for DVC's run-cache is blind to that name (dvc#10296)
    margin: Annotated[int, Field(ge=0)]  # pixels kept round the crop for augmentation
    channels: Literal[1, 3]
    target: Literal["philtrum", "tip"] = "philtrum"  # nose1: IMM's point, or landmarks.nose_tip


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


@dataclass(config=STRICT)
class Codec:
    """How points become what a net learns (see `keypoints/codecs.py`)."""

    kind: Literal["coordinates", "heatmap", "pca"]
    loss: Literal["mse", "l1", "smooth_l1", "wing", "cross_entropy", "squared"]
    scale: Annotated[float, Field(gt=0, allow_inf_nan=False)] = (
        1.0  # coordinates: targets are (position - offset) * scale, position 0…1
    )
    offset: Finite = 0.0
    sigma: Share = 0.0  # heatmap: of the Gaussian, as a share of the crop's width
    coordinate_weight: Annotated[float, Field(ge=0, allow_inf_nan=False)] = (
        0.0  # heatmap: of the L1 of the expectation, beside the maps' loss
    )
    weight: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0  # of the loss; heatmap: of the maps'
    map_size: Pair | None = None  # heatmap: width, height of the maps
    components: Positive = 1  # pca


@dataclass(config=STRICT)
class Model:
    """A family of nets, and what its builder takes (see `keypoints/models/`)."""

    family: Name
    options: dict[str, Any]


@dataclass(config=STRICT)
class Train:
    epochs: Positive
    batch: Positive
    lr: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    optimizer: Literal["adam", "adamw", "sgd"] = "adam"
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    schedule: Literal["none", "cosine", "onecycle"] = "none"
    warmup: Share = 0.0  # share of the steps
    ema: Annotated[float, Field(ge=0, lt=1)] = 0.0  # decay of the averaged weights, 0 for none
    clip: Annotated[float, Field(gt=0)] | None = None  # norm of the gradient
    precision: Literal["auto", "float32", "bfloat16"] = "float32"
    draws: Positive | None = None  # crops an epoch; null: each training face once
    faces: Positive | None = None  # train on so many of the training faces only, drawn by the seed
    # Epochs, counted from 0, whose answer for one face is kept for a picture; with any, the last one's too.
    snapshots: list[Annotated[int, Field(ge=0)]] = Field(default_factory=list)
    profile: bool = False  # a trace of a few steps by torch.profiler into .profiles/


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
    evaluate: Evaluate


@dataclass(config=STRICT)
class Submission:
    part: Name


@dataclass(config=STRICT)
class Params:
    seed: Annotated[int, Field(ge=0, lt=2**31)]
    threads: Positive  # of the CPU; another number gives other bytes in the weights
    profile: Profile
    train: dict[str, Any]  # defaults that the options refer to by ${train.…}
    datasets: dict[Literal["imm", "ibug", "youtube"], Dataset]
    submission: Submission
    parts: dict[str, Part]

    def part(self, name: str) -> Part:
        """The part `name`; raises `UserError` where params.yaml has none."""
        try:
            return self.parts[name]
        except KeyError:
            raise UserError(f"params.yaml has no part {name!r}, only {', '.join(self.parts)}") from None

    def epochs(self, name: str) -> int:
        """How long the part trains: its own number, held down by the profile's."""
        return min(self.part(name).train.epochs, self.profile.max_epochs.get(name) or 2**31)


class _Loader(yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):
    """PyYAML reads 1e-3 as text; YAML 1.2 and we read a number."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?$|^[-+]?\.(inf|Inf)$|^\.(nan|NaN)$"),
    list("-+0123456789."),
)


def leaves(tree: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """The values of a tree of mappings under their dotted keys; lists are values."""
    if isinstance(tree, dict) and tree:
        for name, branch in tree.items():
            yield from leaves(branch, f"{key}.{name}" if key else str(name))
    else:
        yield key, tree


def validate(kind: type[T], tree: Any) -> T:
    """A tree of plain values as one of the dataclasses here. Raises pydantic's ValidationError."""
    # Through JSON, for only there does pydantic's strict mode take a mapping for a dataclass.
    return TypeAdapter(kind).validate_json(json.dumps(tree))


def parse(tree: dict[str, Any], file: str | Path = "params.yaml") -> Params:
    """Check a composed configuration. Raises `UserError` that names the first wrong key."""
    if not isinstance(tree, dict):
        raise UserError(f"{file}: a mapping of keys is wanted")
    for key, value in leaves(tree):  # YAML knows dates and bytes too
        if not isinstance(value, str | int | float | list | dict | None):
            raise UserError(f"{file}: {key}: a number or text is wanted, got {value!r}")
    names = tree.get("parts")
    if not isinstance(names, dict):
        raise UserError(f"{file}: parts: a mapping of a part to its data set is wanted, not {names!r}")
    known = {"seed", "threads", "profile", "train", "datasets", "submission", "parts"}
    options = {str(key): value for key, value in tree.items() if key not in known}
    for name, option in options.items():
        if not isinstance(option, dict):
            raise UserError(f"{file}: {name}: unknown key")
    if not names:
        raise UserError(f"{file}: parts: none is named")
    for name, dataset in names.items():
        if name not in options:
            raise UserError(f"{file}: parts.{name}: nothing is said of it, only of {', '.join(options)}")
        data = options[name].get("data")
        wanted = data.get("dataset") if isinstance(data, dict) else dataset
        if dataset != wanted:
            raise UserError(f"{file}: parts.{name}: {wanted!r} is wanted, its data.dataset, got {dataset!r}")
    for kind, allowed in (("max_epochs", options), ("faces", DATASETS)):
        for key, _ in leaves(tree.get("profile")):
            if key.startswith(f"{kind}.") and key.removeprefix(f"{kind}.") not in allowed:
                raise UserError(f"{file}: profile.{key}: unknown key")
    shaped = {key: value for key, value in tree.items() if key in known} | {"parts": options}
    try:
        made = validate(Params, shaped)
    except ValidationError as error:
        first = error.errors()[0]
        place = [str(step) for step in first["loc"]]
        key = ".".join(place[1:] if place[:1] == ["parts"] else place)
        said = {"unexpected_keyword_argument": "unknown key", "missing": "missing key"}
        wrong = said.get(first["type"]) or f"{first['msg']}, got {first['input']!r}"
        raise UserError(f"{file}: {key}: {wrong}") from None
    if made.submission.part not in made.parts:
        raise UserError(f"{file}: submission.part: {made.submission.part!r} is none of {', '.join(options)}")
    return made


def read(path: str | Path) -> Any:
    """The values of a YAML file, unchecked. Raises `UserError`."""
    try:
        return yaml.load(Path(path).read_text(encoding="utf-8"), Loader=_Loader)
    except FileNotFoundError:
        raise UserError(f"{path} is missing: run `make compose` at the project's root") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not YAML: {' '.join(str(error).split())}") from None


def load(path: str | Path = "params.yaml") -> Params:
    """Read and check a composed file. Raises `UserError`."""
    return parse(read(path), path)
