"""`keypoints.yaml` beside the data: what the points are called, and what the data do not say themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from keypoints.datasets.formats.documents import SCHEME_FILE, Source, Text
from keypoints.errors import UserError, import_extra

LONGEST = 2**20  # bytes of the file
Run = tuple[str, ...]


@dataclass(frozen=True)
class Rules:
    """What the file says; `said` are its keys, since null is an answer too.

    names:     of the points in their order; of points without names all, of others those to read
    partners:  pairs of names that a mirror exchanges; None: unknown
    flip:      the same as a table: for each point the index of its partner, from 0, or its own
    outlines:  runs of names
    normalise: the two names whose distance is 100 % of the error; None: the diagonal of the box
    regions:   region -> its names; together all
    """

    said: frozenset[str] = frozenset()
    names: Run = ()
    partners: tuple[Run, ...] | None = None
    flip: tuple[int, ...] = ()
    outlines: tuple[Run, ...] = ()
    normalise: Run | None = None
    regions: dict[str, Run] = field(default_factory=dict)

    def check(self, path: Path, names: Run) -> None:
        """Raise `UserError` where it says what these names of points do not have."""
        where = f"{path}: {SCHEME_FILE}"
        pairs = {"partners": self.partners or (), "normalise": (self.normalise,) if self.normalise else ()}
        lists = {"outlines": self.outlines, "regions": tuple(self.regions.values())}
        for key, runs in {**pairs, **lists}.items():
            if unknown := [name for run in runs for name in run if name not in names]:
                raise UserError(f"{where}: {key}: no point is called {unknown[0]!r}: fix it")
            if () in runs:
                raise UserError(f"{where}: {key}: a list of points is empty: fix it")
        for key, runs in pairs.items():
            if any(len(run) != 2 or run[0] == run[1] for run in runs):
                raise UserError(f"{where}: {key}: two different names are needed: fix it")
        if self.regions and sorted(name for run in self.regions.values() for name in run) != sorted(names):
            raise UserError(f"{where}: regions: together they name every point once: fix it")
        self._check_mirror(where, len(names))

    def _check_mirror(self, where: str, points: int) -> None:
        every = list(range(points))
        back = [self.flip[k] for k in self.flip] if sorted(self.flip) == every else []
        if self.flip and back != every:
            raise UserError(f"{where}: flip: it has no partner for each point, from 0, and back: fix it")
        if self.flip and self.partners:
            raise UserError(f"{where}: flip says the same as partners: keep one")
        paired = [name for pair in self.partners or () for name in pair]
        if len(set(paired)) != len(paired):
            raise UserError(f"{where}: partners: a point has two: fix it")


def read(source: Source) -> Rules:
    """The rules of a source; none where it has no `keypoints.yaml`. Raises `UserError`."""
    found = [name for name in source.documents if name.rpartition("/")[2] == SCHEME_FILE]
    if not found:
        return Rules()
    if len(found) > 1:
        raise UserError(f"{source.path}: {found[0]} and {found[1]}: keep one")
    document = source.documents[found[0]]
    where = f"{source.path}: {found[0]}"
    if not isinstance(document, Text) or len(document.content) > LONGEST:
        raise UserError(f"{where}: no short YAML: fix it")
    import_extra("train", "yaml", "pydantic")
    import yaml

    from keypoints.settings import params

    try:
        values = params.read_text(document.content.decode("utf-8-sig"))
        if not isinstance(values, dict) or not values:
            raise ValueError("keys with values are needed")
        return _parse(values)
    except (yaml.YAMLError, ValueError, TypeError, OverflowError) as error:
        why = " ".join(str(error).split())
        raise UserError(f"{where}: {why:.300}: fix it") from None


def _parse(values: dict[Any, Any]) -> Rules:
    """Raises ValueError that names the key."""
    if unknown := set(map(str, values)) - _KEYS.keys():
        raise ValueError(f"{min(unknown)}: unknown key; possible are {', '.join(_KEYS)}")
    read_values = {}
    for key, value in values.items():
        try:
            read_values[key] = _KEYS[key](value)
        except (TypeError, AttributeError):
            raise ValueError(f"{key}: names of points are needed as a list") from None
    return Rules(said=frozenset(values), **read_values)


def _run(value: Any) -> Run:
    if not isinstance(value, list) or any(not isinstance(name, str | int | float) for name in value):
        raise TypeError
    return tuple(map(str, value))


def _runs(value: Any) -> tuple[Run, ...]:
    return tuple(map(_run, value))


def _table(value: Any) -> tuple[int, ...]:
    if not isinstance(value, list) or any(type(index) is not int for index in value):
        raise ValueError("flip: indices of points are needed as a list")
    return tuple(value)


_KEYS: dict[str, Callable[[Any], Any]] = {
    "names": _run,
    "partners": lambda value: None if value is None else _runs(value),
    "flip": _table,
    "outlines": lambda value: _runs(value or []),
    "normalise": lambda value: None if value is None else _run(value),
    "regions": lambda value: {str(region): _run(names) for region, names in (value or {}).items()},
}
