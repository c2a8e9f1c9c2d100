"""`params.yaml` as typed dataclasses; every wrong value is named with its key.

The file is composed from `conf/` (see `keypoints/compose.py`) and arrives resolved; nobody edits it.
What an option says of one part is in `recipes.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, ValidationError
from pydantic.dataclasses import dataclass

from keypoints.errors import UserError, has_controls
from keypoints.settings.recipes import RANDOM, STRICT, Count, Name, Part, Share, validate

Looks = Annotated[int, Field(ge=0, le=64)]
DEPTH = 20  # of blocks in blocks
LARGEST = 2**53  # beyond, JSON and others lose digits

DRAWN = "keypoints/synthetic"  # the `path` of a data set that is drawn or fetched


@dataclass(config=STRICT)
class SceneSize:
    """What the part `faces` takes over by ${profile.scenes.side} and ${profile.scenes.epochs}."""

    side: Annotated[int, Field(ge=32, le=1024)] = 256  # pixels per side of a scene
    epochs: Count = 150


@dataclass(config=STRICT)
class Profile:
    """Which data, and how much of it."""

    name: Name
    source: Literal["synthetic", "archives"]  # drawn by the project, or the official archives
    mirror: str | None  # a folder with archives, which is searched before any address
    faces: dict[str, Count]  # how many faces to draw for each synthetic data set
    max_epochs: dict[str, Count | None]  # an upper bound for each part
    batch: Count  # faces per step, where an option refers to it by ${train.batch}
    max_broken: Share  # of the images may be unreadable and left out
    scenes: SceneSize = Field(default_factory=SceneSize)
    looks: Looks = 9  # at each face of the Kaggle list, where `submission.looks` refers to it


@dataclass(config=STRICT)
class Source:
    """An address, and the SHA-256 of its file if that is known."""

    url: Annotated[str, Field(pattern=r"^https?://")]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None


@dataclass(config=STRICT)
class Splits:
    """How a person's own faces are split, by groups: persons, or else photographs."""

    group: str | None  # a regular expression; its first group, or the whole match, in a file's path
    csv: str | None  # a CSV of the source with the columns file, and group or split or both
    test: Share
    val: Share
    folds: Annotated[int, Field(ge=2, le=100)]
    seed: Annotated[int, Field(ge=0, lt=2**31)]


@dataclass(config=STRICT)
class Dataset:
    """Where an archive comes from, and how its faces are split.

    As the profile says, it is drawn, or fetched: `file` in the mirror, else the first source that works. If
    `path` is not `DRAWN`, it is that folder or archive instead.
    """

    path: str = DRAWN
    max_broken: Share = 0.01  # of the faces may be left out
    splits: Splits | None = None  # None: the data set's module defines its splits
    file: Annotated[str, Field(pattern=r"^[^/\\]+$")] = ""  # the archive's name in a mirror; "": always drawn
    # Hashes that are accepted from a mirror; none: any.
    sha256: list[Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]] = Field(default_factory=list)
    sources: list[Source] = Field(default_factory=list)


@dataclass(config=STRICT)
class Submission:
    part: Name
    looks: Looks = 0  # as in `Predictor`; 0: a single one, in the list's box


@dataclass(config=STRICT)
class Params:
    seed: Annotated[int, Field(ge=0, lt=2**31)]
    threads: Annotated[int, Field(gt=0, le=1024)]  # of the CPU; they decide the weights' bytes
    profile: Profile
    train: dict[str, Any]  # defaults that the options refer to by ${train.…}
    datasets: dict[Name, Dataset]
    submission: Submission
    parts: dict[str, Part]
    devices: Annotated[int, Field(gt=0, le=64)] = 1  # GPUs, or processes, that train one net together

    def dataset(self, name: str) -> Dataset:
        """The data set `name`; raises `UserError` where params.yaml has none."""
        try:
            return self.datasets[name]
        except KeyError:
            raise UserError(f"params.yaml: datasets: there is no entry for {name!r}") from None

    def part(self, name: str) -> Part:
        """The part `name`; raises `UserError` where params.yaml has none."""
        try:
            return self.parts[name]
        except KeyError:
            raise UserError(f"params.yaml has no part {name!r}, only {', '.join(self.parts)}") from None

    def threads_of(self, name: str) -> int:
        """The number of CPU threads for the part's net, in training and afterwards."""
        return self.part(name).train.threads or self.threads

    def epochs(self, name: str) -> int:
        """The number of epochs of the part, limited by the profile's `max_epochs`."""
        return min(self.part(name).train.epochs, self.profile.max_epochs.get(name) or 2**31)


class _Loader(yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):  # type: ignore[misc]
    """Reads 1e-3 as a number, as YAML 1.2 does; PyYAML would read text."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?$|^[-+]?\.(inf|Inf)$|^\.(nan|NaN)$"),
    list("-+0123456789."),
)


def load(path: str | Path = "params.yaml") -> Params:
    """Read and check a composed file. Raises `UserError`."""
    return parse(read(path), path)


def read(path: str | Path, name: str | None = None) -> Any:
    """The plain values of a YAML file, otherwise unchecked. Raises `UserError`.

    name: what an error calls the file; its path by default
    """
    name = name or str(path)
    try:
        return read_text(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{name} is missing: run `make compose` at the project's root") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{name} is not YAML: {' '.join(str(error).split())}") from None
    except (ValueError, TypeError, OverflowError) as error:  # impossible dates, numbers and keys
        raise UserError(f"{name}: not a possible value: {' '.join(str(error).split())[:300]}") from None


def read_text(text: str) -> Any:
    """The plain values of an untrusted YAML text; a short text never costs much work.

    Raises yaml.YAMLError, and ValueError, TypeError or OverflowError for impossible values.
    """
    _check_events(text)
    _check_keys(yaml.compose(text, Loader=_Loader))
    tree = yaml.load(text, Loader=_Loader)
    _check_plain(tree)
    return tree


def _check_events(text: str) -> None:
    """Raise ValueError for deep nesting, aliases and tags, which PyYAML handles badly and no file needs."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        line = event.start_mark.line + 1 if event.start_mark else 1
        if depth > DEPTH:
            raise ValueError(f"line {line}: it is nested more than {DEPTH} deep")
        if isinstance(event, yaml.AliasEvent) or getattr(event, "tag", None) not in (None, "!"):
            raise ValueError(f"line {line}: aliases and types by name are not read")


def _check_keys(node: yaml.Node | None) -> None:
    """Raise ValueError for a key that a mapping has twice, of which PyYAML silently takes the last."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _check_keys(item)
    elif isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else key  # the loader refuses the latter
            if name in seen:
                raise ValueError(f"line {key.start_mark.line + 1}: the key {name!r} is there twice")
            seen.add(name)
            _check_keys(value)


def _check_plain(value: Any, key: str = "") -> None:
    """Raise ValueError, with the key, for values that are neither numbers nor text nor lists and mappings."""
    if isinstance(value, dict):
        for name, item in value.items():
            _check_plain(name, f"the key {name!r}")
            _check_plain(item, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list):
        for item in value:
            _check_plain(item, key)
    elif isinstance(value, str):
        if has_controls(value):
            raise ValueError(f"{key}: text without control characters is needed, got {value!r}")
    elif isinstance(value, int | float):
        if not abs(value) <= LARGEST:
            raise ValueError(f"{key}: {value!r} is no possible number")
    elif value is not None:  # YAML knows dates, sets and bytes too
        raise ValueError(f"{key}: a number or text is needed, got {value!r}")


def parse(tree: dict[str, Any], file: str | Path = "params.yaml") -> Params:
    """Check a composed configuration. Raises `UserError` that names the first wrong key."""
    try:
        return _parse(tree)
    except ValidationError as error:
        first = error.errors()[0]
        place = [str(step) for step in first["loc"]]
        key = ".".join(place[1:] if place[:1] == ["parts"] else place)
        reason = {"unexpected_keyword_argument": "unknown key", "missing": "missing key"}.get(first["type"])
        wrong = reason or f"{first['msg']}, got {first['input']!r}"
        raise UserError(f"{file}: {key}: {wrong}") from None
    except ValueError as error:
        raise UserError(f"{file}: {error}") from None


def _parse(tree: dict[str, Any]) -> Params:
    """As `parse`; raises ValueError, of which pydantic's ValidationError is a kind."""
    if not isinstance(tree, dict):
        raise ValueError("a mapping of keys is needed")
    _check_plain(tree)
    known = {"seed", "threads", "devices", "profile", "train", "datasets", "submission", "parts"}
    listed = {"inits", "charts", "trunks"}  # read by dvc.yaml and by options only
    options = {str(key): value for key, value in tree.items() if key not in known | listed}
    for name, option in options.items():
        if not isinstance(option, dict):
            raise ValueError(f"{name}: unknown key")
    _check_names(tree, options)
    made = validate(Params, {key: tree[key] for key in known & tree.keys()} | {"parts": options})
    if made.submission.part not in made.parts:
        raise ValueError(f"submission.part: {made.submission.part!r} is none of {', '.join(options)}")
    return made


def _check_names(tree: dict[str, Any], options: dict[str, dict[str, Any]]) -> None:
    """Raise ValueError unless every part has an option and a data set, and the profile names no others."""
    parts, datasets = tree.get("parts"), tree.get("datasets")
    if not isinstance(parts, dict):
        raise ValueError(f"parts: a mapping of a part to its data set is needed, not {parts!r}")
    if not parts:
        raise ValueError("parts: none is named")
    datasets = datasets if isinstance(datasets, dict) else {}
    inits = tree.get("inits", {})
    if not isinstance(inits, dict):
        raise ValueError(f"inits: a mapping of a part to what it starts from is needed, not {inits!r}")
    for name, dataset in parts.items():
        if name not in options:
            raise ValueError(f"parts.{name}: it has no option, only {', '.join(options)} have one")
        data = options[name].get("data")
        own = data.get("dataset") if isinstance(data, dict) else dataset
        if dataset != own:
            raise ValueError(f"parts.{name}: {own!r} is needed, its data.dataset, got {dataset!r}")
        if dataset not in datasets:
            raise ValueError(f"{name}.data.dataset: {dataset!r} is none of {', '.join(datasets)}")
    for name, option in options.items():
        train = option.get("train")
        init = train.get("init") if isinstance(train, dict) else None
        if inits.get(name, init or RANDOM) != (init or RANDOM):
            raise ValueError(f"inits.{name}: {init or RANDOM!r} is needed, its train.init; leave out null")
    profile = tree.get("profile")
    for kind, allowed, needed in (("max_epochs", options, parts), ("faces", datasets, datasets)):
        given = profile.get(kind) if isinstance(profile, dict) else None
        for name in needed:  # stages depend on them: DVC refuses one whose key is not there
            if isinstance(given, dict) and name not in given:
                raise ValueError(f"profile.{kind}.{name}: missing key")
        for key, _ in leaves(profile):
            if key.startswith(f"{kind}.") and key.removeprefix(f"{kind}.") not in allowed:
                raise ValueError(f"profile.{key}: unknown key")


def leaves(tree: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """The dotted keys and values of a tree of mappings; lists count as values."""
    if isinstance(tree, dict) and tree:
        for name, branch in tree.items():
            yield from leaves(branch, f"{key}.{name}" if key else str(name))
    else:
        yield key, tree
