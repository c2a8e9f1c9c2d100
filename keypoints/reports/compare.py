"""Compare runs: what was changed, and what it did: `make compare`.

    python -m keypoints.reports.compare HEAD workspace lazy-fox --parts nose

Names are git revisions, DVC experiments, or `workspace`; without any, the last commit and the workspace.
The first is what the others are compared with. Prints a table and writes one page, comparison.html, with
curves and pictures side by side; it needs no network.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from keypoints import errors, files, paths
from keypoints.errors import UserError
from keypoints.reports import experiments
from keypoints.reports.systems import charts as system_charts
from keypoints.settings import params
from keypoints.system import git
from keypoints.tracking import html_page

WORKSPACE = "workspace"
FIGURES = ("nme", "mse_1e-4", "mae_px", "auc_8", "fr_8", "along", "across", "jaw_along", "jaw_across")
BETTER = {key: 1 if key == "auc_8" else -1 for key in FIGURES}  # the sign of what is better
COLOURS = {"better": "\033[32m", "worse": "\033[31m", "": ""}
SHARED = ("seed", "threads", "devices")  # settings of every part


@dataclass
class Revision:
    """A state of the project: what git keeps of a commit or an experiment, or the files of the workspace."""

    name: str
    commit: str | None

    @classmethod
    def find(cls, name: str) -> Revision:
        """Raises `UserError` for a name of neither kind."""
        if name == WORKSPACE:
            return cls(name, None)
        try:
            return cls(name, experiments.find_commit(name))
        except UserError:
            pass
        try:
            return cls(name, git.ask("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}").strip())
        except subprocess.CalledProcessError:
            raise UserError(f"{name}: neither a revision nor an experiment: see `dvc exp list`") from None

    def read(self, path: Path) -> str | None:
        """The text of a file; None where there is none."""
        try:
            if self.commit:
                return git.ask("show", f"{self.commit}:{path}")
            return path.read_text(encoding="utf-8")
        except (OSError, subprocess.CalledProcessError):
            return None

    @cached_property
    def tree(self) -> dict[str, Any]:
        """params.yaml."""
        return yaml.safe_load(self.read(paths.PARAMS) or "") or {}

    def settings(self, part: str) -> dict[str, Any]:
        """What decides a part's run, under dotted keys: the part's own, and what others share."""
        tree = self.tree
        shared = {key: tree.get(key) for key in SHARED}
        return dict(params.leaves(shared | self.amounts(part) | (tree.get(part) or {})))

    def amounts(self, part: str) -> dict[str, Any]:
        """What the profile says of a part: which data, how many faces, and for how many epochs at most."""
        profile, dataset = self.tree.get("profile") or {}, (self.tree.get("parts") or {}).get(part)
        found = {"source": profile.get("source")}
        for key, name in (("faces", dataset), ("max_epochs", part)):
            found[key] = (profile.get(key) or {}).get(name)
        return {"profile": found}

    def figures(self, part: str) -> dict[str, float]:
        return json.loads(self.read(paths.metrics(part)) or "{}")

    def curve(self, part: str) -> list[float]:
        """The NME on the validation faces after every epoch, %."""
        rows = csv.DictReader((self.read(paths.history(part)) or "").splitlines())
        return [float(row["val_nme"]) for row in rows]

    def pictures(self, part: str, folder: Path) -> dict[str, bytes]:
        """The part's pictures by name; none where DVC's cache does not have them."""
        if not self.commit:
            found = paths.plots(part)
        else:
            found = folder / (self.commit + part)
            get = [
                "dvc",
                "get",
                ".",
                str(paths.plots(part)),
                "--rev",
                self.commit,
                "-o",
                str(found),
                "--quiet",
            ]
            subprocess.run(get, check=False, capture_output=True)
        return {file.stem: file.read_bytes() for file in sorted(found.glob("*.png"))}


def main(names: Sequence[str], only: Sequence[str], out: Path) -> None:
    """Raises `UserError` for unknown names and parts."""
    chosen = [Revision.find(name) for name in names or ("HEAD", WORKSPACE)]
    known = list(params.load().parts)
    for part in only:
        if part not in known:
            raise UserError(f"--parts {part}: none of {', '.join(known)}")
    body = []
    for part in only or known:
        rows = compare(part, chosen)
        if not rows:
            continue
        print_table(part, [revision.name for revision in chosen], rows)
        body += section(part, chosen, rows)
    if not body:
        print("no difference")
        return
    with files.whole(out) as page:
        page.write_text(html_page.page(" · ".join(r.name for r in chosen), body), encoding="utf-8")
    print(f"{out}: curves and pictures")


Cell = tuple[str, str]  # text, and whether that is better or worse than the first


def compare(part: str, chosen: Sequence[Revision]) -> list[list[Any]]:
    """A row for every setting and figure that differs: its name, the first's value, the others' cells."""
    first, *others = chosen
    base, rows = first.settings(part), []
    changed = [each.settings(part) for each in others]
    for key in sorted({key for settings in (base, *changed) for key in settings}):
        values = [settings.get(key) for settings in changed]
        if any(value != base.get(key) for value in values):
            cells = [("" if value == base.get(key) else str(value), "") for value in values]
            rows.append([key, str(base.get(key)), *cells])
    figures = first.figures(part)
    for key, sign in BETTER.items():
        before = figures.get(key)
        cells = [judge(before, each.figures(part).get(key), sign) for each in others]
        if before is not None or any(text for text, _ in cells):
            rows.append([key, f"{before:.4g}" if before is not None else "–", *cells])
    return [row for row in rows if any(text for text, _ in row[2:])]


def judge(before: float | None, after: float | None, sign: int) -> Cell:
    """A figure beside the first's, with the difference; empty where it is the same."""
    if after is None or after == before:
        return "", ""
    if before is None:
        return f"{after:.4g}", ""
    difference = after - before
    return f"{after:.4g} ({difference:+.2g})", "better" if difference * sign > 0 else "worse"


def print_table(part: str, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """The table for a terminal, with colours where it has them."""
    colours = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    lines = [[(part, ""), *((name, "") for name in names)]]
    lines += [
        [(row[0], ""), (row[1], ""), *((text or "same", kind) for text, kind in row[2:])] for row in rows
    ]
    widths = [max(len(line[i][0]) for line in lines) for i in range(len(lines[0]))]
    for line in lines:
        cells = []
        for (text, kind), width in zip(line, widths, strict=True):
            on, off = (COLOURS[kind], "\033[0m") if colours and kind else ("", "")
            cells.append(f"{on}{errors.printable(text).ljust(width)}{off}")
        print("  ".join(cells).rstrip())
    print()


def section(part: str, chosen: Sequence[Revision], rows: Sequence[Sequence[Any]]) -> list[str]:
    """A part's table, curves and pictures, as pieces of HTML."""
    names = [revision.name for revision in chosen]
    body = [f"<h2>{part}</h2>"]
    cells = [[row[0], row[1], *((text or "same", kind) for text, kind in row[2:])] for row in rows]
    body.append(html_page.table(["", *names], cells))
    curves = [{"name": r.name, "system": "", "val_nmes": r.curve(part)} for r in chosen if r.curve(part)]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        if curves:
            system_charts.draw_curves(folder / "curves.png", curves)
            body.append(html_page.picture(folder / "curves.png", "NME on the validation faces, % by epoch"))
        drawn = [revision.pictures(part, folder) for revision in chosen]
    for picture in sorted({name for each in drawn for name in each}):
        shown = [(each[picture], name) for each, name in zip(drawn, names, strict=True) if picture in each]
        body += [f"<h3>{picture}</h3>", html_page.side_by_side(shown)]
    return body


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=errors.summary(__doc__))
    made.add_argument("names", nargs="*", help="revisions, experiments, or workspace; the first is the base")
    made.add_argument("--parts", nargs="*", default=[], metavar="PART", help="only these")
    made.add_argument("--out", type=Path, default=Path("comparison.html"))
    return made


if __name__ == "__main__":
    args = parser().parse_args()
    errors.run(main, args.names, args.parts, args.out)
