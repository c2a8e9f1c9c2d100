"""The scheme that follows from annotations: from the points' names, the skeleton, `keypoints.yaml`."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from keypoints.datasets.formats.annotated import Annotated
from keypoints.datasets.formats.marks import Edge
from keypoints.landmarks import SCHEMES, Scheme

# What the words of a point's name hold -> its region; the first counts, so that an eyebrow is no eye.
REGIONS = {
    "brows": r"brow",
    "nose": r"nose|nostril|nasal",
    "mouth": r"mouth|lip|teeth|philtrum",
    "eyes": r"eye|pupil|iris|canthus",
    "jaw": r"jaw|chin|cheek|contour|outline",
    "ears": r"\bears?\b",
    "forehead": r"forehead|hair",
}
OTHER = "other"
SIDES = {"left": "right", "right": "left", "l": "r", "r": "l"}
OUTER = ("outer", "lateral", "temporal", "exo")


def derive(annotated: Annotated) -> Scheme:
    """The scheme of these faces.

    What `keypoints.yaml` says counts first. Then names that are those of a known scheme give that
    scheme; else regions and partners come from words in the names, outlines from the skeleton, and the points
    that normalise the error are the outer eye corners if two are named so. Without partners for every sided
    name, the scheme does not flip.
    """
    names, rules = annotated.names, annotated.rules
    if not rules.said:
        known = next((s for s in SCHEMES.values() if s.names() == list(names)), None)
        if known:
            return known
    partners, flips = find_partners(names)
    if "partners" in rules.said:
        partners, flips = _paired(names, rules.partners or ()), rules.partners is not None
    if rules.flip:
        partners, flips = rules.flip, True
    outlines = trace(annotated.skeleton)
    if "outlines" in rules.said:
        outlines = tuple(tuple(map(names.index, run)) for run in rules.outlines)
    eyes = outer_corners(names, partners)
    if "normalise" in rules.said:
        eyes = (names.index(rules.normalise[0]), names.index(rules.normalise[1])) if rules.normalise else None
    regions = rules.regions or find_regions(names)
    found = Scheme(
        f"own{len(names)}",
        {region: tuple(map(names.index, points)) for region, points in regions.items()},
        outlines,
        partners,
        _by_picture(annotated, eyes),
        names,
        flips,
    )
    same = (s for s in SCHEMES.values() if s.names() == list(names))
    return next((s for s in same if replace(s, name=found.name, labels=names) == found), found)


def words(name: str) -> list[str]:
    """The words of a name in small letters: `leftEye-outer2` is left, eye, outer, 2."""
    return [word.lower() for word in re.findall(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+(?![a-z])|\d+", name)]


def find_partners(names: Sequence[str]) -> tuple[tuple[int, ...], bool]:
    """The partner of every point by the words left and right, or l and r; and whether all sides have one.

    A single point without a side lies in the middle. Several without any side may lie anywhere.
    """
    split = [words(name) for name in names]
    index = {tuple(each): k for k, each in enumerate(split)}
    partners, sided = list(range(len(names))), 0
    for k, each in enumerate(split):
        other = index.get(tuple(SIDES.get(word, word) for word in each), -1)
        if not SIDES.keys() & set(each):
            continue
        sided += 1
        if other < 0 or other == k or len(index) < len(names):
            return tuple(range(len(names))), False
        partners[k] = other
    return tuple(partners), sided > 0 or len(names) == 1


def find_regions(names: Sequence[str]) -> dict[str, list[str]]:
    """Region -> names, by the words in them; a region lists its points in their order."""
    found: dict[str, list[str]] = {}
    for name in names:
        text = " ".join(words(name))
        region = next((region for region, hint in REGIONS.items() if re.search(hint, text)), OTHER)
        found.setdefault(region, []).append(name)
    return found


def outer_corners(names: Sequence[str], partners: Sequence[int]) -> Edge | None:
    """The two points that are named outer corners of the eyes, and are partners; else None."""
    found = [
        k
        for k, name in enumerate(names)
        if any(word.startswith(OUTER) for word in words(name))
        and name in find_regions([name]).get("eyes", [])
        and partners[k] != k
    ]
    return (found[0], found[1]) if len(found) == 2 and partners[found[0]] == found[1] else None


def trace(skeleton: Sequence[Edge]) -> tuple[tuple[int, ...], ...]:
    """Runs of points through all edges, each edge once; a closed run repeats its first point."""
    left: dict[int, list[int]] = {}
    for a, b in dict.fromkeys((min(edge), max(edge)) for edge in skeleton if edge[0] != edge[1]):
        left.setdefault(a, []).append(b)
        left.setdefault(b, []).append(a)
    runs = []
    ends = sorted(k for k in left if len(left[k]) % 2)  # a run that is not closed ends where edges are odd
    for start in (*ends, *sorted(left)):
        while left[start]:
            run = [start]
            while left[run[-1]]:
                here = run[-1]
                there = min(left[here])
                left[here].remove(there)
                left[there].remove(here)
                run.append(there)
            runs.append(tuple(run))
    return tuple(runs)


def edges(outlines: Sequence[Sequence[int]]) -> tuple[Edge, ...]:
    """The skeleton that `trace` makes outlines of."""
    return tuple(edge for run in outlines for edge in pairwise(run))


def _paired(names: tuple[str, ...], pairs: Sequence[Sequence[str]]) -> tuple[int, ...]:
    partners = list(range(len(names)))
    for a, b in pairs:
        i, j = names.index(a), names.index(b)
        partners[i], partners[j] = j, i
    return tuple(partners)


def _by_picture(annotated: Annotated, eyes: Edge | None) -> Edge | None:
    """The corners with the one first that lies more to the left in most pictures."""
    if eyes is None:
        return None
    x = annotated.points()[:, list(eyes), 0]
    leftmost = np.sign(x[:, 0] - x[:, 1])
    return eyes[::-1] if np.nansum(leftmost) > 0 else eyes


def as_yaml(scheme: Scheme) -> str:
    """`keypoints.yaml` as it says the same: a proposal to edit."""
    names = scheme.names()
    pairs = [(names[k], names[p]) for k, p in enumerate(scheme.partners) if k < p]
    eyes = [names[k] for k in scheme.eyes] if scheme.eyes else None
    return "\n".join(
        [
            "# The points in their order.",
            f"names: {_flow(names)}",
            "# What a mirror exchanges; all others lie in the middle. null: unknown, so never mirrored.",
            *_listed("partners", pairs if scheme.flips else None),
            "# Lines through points; a closed one repeats its first point.",
            *_listed("outlines", [[names[k] for k in run] for run in scheme.outlines]),
            "# The two points whose distance is 100 % of the error. null: the diagonal of the box.",
            f"normalise: {_flow(eyes)}",
            "# What errors are reported by.",
            "regions:",
            *(f"  {_flow(region)}: {_flow([names[k] for k in ks])}" for region, ks in scheme.regions.items()),
            "",
        ]
    )


def _listed(key: str, values: Sequence[Sequence[str]] | None) -> list[str]:
    if not values:
        return [f"{key}: {'null' if values is None else '[]'}"]
    return [f"{key}:", *(f"  - {_flow(list(each))}" for each in values)]


def _flow(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)  # JSON is YAML
