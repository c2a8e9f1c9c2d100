"""Train every option of every group on the real data and put them into one table: `make systems`.

    python -m keypoints.reports.systems --only nose face-zhou --scorer kaggle_score.py

The rows are the options in conf/ and the variants that conf/systems.yaml lists. Each is a separate DVC
experiment in a temporary folder (`dvc exp run --temp`), so the workspace does not change. A system that has a
row in results/systems/ with these settings is not run again, unless it failed: a stopped command resumes
where it was. `--again` measures again, with the weights from DVC's run-cache. What `make real` trained with
the same settings is not trained twice: its row is read from results/<profile>. The table has only what was
run.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from keypoints import compose, errors, files
from keypoints.reports import experiments
from keypoints.reports.systems import table
from keypoints.settings import params

OUT = Path("results/systems")
KINDS = ("subset", "region")  # whose NME a row keeps
MEASURED = (
    "mse",
    "nme",
    "mae_px",
    "correct",
    "faces",
    "mean_shape_nme",
    "follow_position",
    "follow_shape",
    "follow_size",
    "size_ratio",
    "codec_nme",
    "outside",
    "pca_explained",
)


@dataclass(frozen=True)
class System:
    """A row to make: an option of a part's group, and what is changed in it (`-S` overrides)."""

    part: str
    name: str
    option: str
    changed: list[str] = field(default_factory=list)
    reported: dict[str, str] = field(default_factory=dict)

    @property
    def row(self) -> str:
        return f"{self.part}-{self.name}"

    @property
    def title(self) -> str:
        return f"{self.part}={self.option}"

    @property
    def overrides(self) -> list[str]:
        return [self.title, *self.changed]


def main(only: list[str], scorer: Path | None, profile: str, imagenet: bool, again: bool = False) -> None:
    import torch

    if scorer and not scorer.is_file():
        raise errors.UserError(f"--scorer {scorer}: no such file")
    for system in select(only or compose.parts(), cpu=not torch.cuda.is_available()):
        row = OUT / profile / f"{system.row}.json"
        composed = compose_system(system, profile, imagenet)
        if again or not is_current(row, composed, system.part, can_be_scored(composed, system.part, scorer)):
            print(f"== {row.stem}: {' '.join(system.overrides)}", flush=True)
            made = run_system(system, composed, profile, scorer)
            with files.whole(row) as temporary:
                temporary.write_text(json.dumps(made, indent=2) + "\n")
            table.write(OUT / profile, row_names())
    table.write(OUT / profile, row_names())


def row_names() -> list[str]:
    """The names of all rows that are listed, in the table's order of parts."""
    return [system.row for part in compose.parts() for system in list_systems(part, cpu=False)]


def select(names: Sequence[str], cpu: bool) -> list[System]:
    """The systems that are named, in that order: a part's, or one (`nose-kim`). Raises `UserError`."""
    chosen = []
    for name in names:
        part, _, row = name.partition("-")
        found = [s for s in list_systems(part, cpu) if row in ("", s.name)] if part in compose.parts() else []
        if not found:
            raise errors.UserError(f"--only {name}: neither a part ({', '.join(compose.parts())}) nor a row")
        chosen += found
    return chosen


def list_systems(part: str, cpu: bool) -> Iterator[System]:
    """The rows of a part: its group's options, then their variants; `cpu`: as a machine without a GPU."""
    variants = yaml.safe_load((compose.CONF / "systems.yaml").read_text()).get(part) or {}
    options = sorted(path.stem for path in (compose.CONF / part).glob("*.yaml"))
    for name in [*options, *(name for name in variants if name not in options)]:
        row = variants.get(name) or {}
        changed = [*row.get("set", []), *(row.get("cpu", []) if cpu else [])]
        yield System(part, name, row.get("option", name), changed, row.get("reported", {}))


def compose_system(system: System, profile: str, imagenet: bool) -> dict[str, Any]:
    """The system's params.yaml; without `imagenet`, nets that would start from ImageNet's weights do not.

    The write-ups' nets look once at each face of the Kaggle list, as their authors' did.
    """
    once = [] if system.option == "best" else ["submission.looks=0"]
    composed = compose.read([f"profile={profile}", *system.overrides, *once])
    if imagenet or not composed[system.part]["model"]["options"].get("pretrained"):
        return composed
    options = f"{system.part}.model.options"
    system.changed.extend([f"{options}.pretrained=false", f"{options}.trained=null"])
    return compose.read([f"profile={profile}", *system.overrides, *once])


def is_current(row: Path, composed: dict[str, Any], part: str, scored: bool) -> bool:
    """Whether a row was trained with these settings and has all figures; else it has to be made again.

    Rows that were read from results/ are read again, and failed ones are repeated.
    """
    if not row.exists():
        return False
    kept = json.loads(row.read_text())
    trained = "minutes" in kept and "read_from" not in kept
    looks = composed["submission"]["looks"]
    complete = not scored or (kept.get("kaggle") is not None and kept.get("looks", 0) == looks)
    return trained and complete and kept["settings"] == settings_digest(composed, part)


def can_be_scored(composed: dict[str, Any], part: str, scorer: Path | None) -> bool:
    """Whether the Kaggle list can be scored with what a part learns."""
    return bool(scorer) and composed[part]["data"]["points"] == "ibug68" and part != "youtube"


def settings_digest(composed: dict[str, Any], part: str) -> str:
    """Of all settings that a part's figures depend on."""
    return hashlib.sha256(json.dumps(decisive(composed, part), sort_keys=True).encode()).hexdigest()[:12]


def decisive(composed: dict[str, Any], part: str) -> list[Any]:
    """The settings that a part's figures depend on; by its own `threads` they change in rounding alone."""
    train = {key: value for key, value in composed[part]["train"].items() if key != "threads"}
    return [composed[part] | {"train": train}, composed.get("seed"), composed.get("threads")]


def run_system(system: System, composed: dict[str, Any], profile: str, scorer: Path | None) -> dict[str, Any]:
    """Train and measure one system; returns its row of the table, which says so if it failed."""
    part = system.part
    name = f"{profile}-{system.row}".replace("_", "-")
    overrides, targets = [f"profile={profile}", *system.overrides], [f"evaluate@{part}"]
    if found := read_results(composed, part, Path("results") / profile):
        return describe(system, composed) | found
    scored = can_be_scored(composed, part, scorer)
    if scored:
        submission = [f"submission.part={part}", f"submission.looks={composed['submission']['looks']}"]
        overrides, targets = [*overrides, *submission], [*targets, "submit"]
    commit = experiments.run(name, overrides, targets)
    if not commit:
        return describe(system, composed) | {"failed": experiments.failure_reason(name)}
    figures = read_figures(
        *(experiments.read_at_commit(commit, f"metrics/{file}") for file in metrics_files(part))
    )
    seconds = experiments.training_seconds(name)
    figures["minutes"] = round(seconds / 60, 2) if seconds else None  # trained under another name
    if scored and scorer:
        figures["kaggle"] = experiments.kaggle_score(commit, scorer)
        figures["looks"] = composed["submission"]["looks"]
    return describe(system, composed) | figures


def describe(system: System, composed: dict[str, Any]) -> dict[str, Any]:
    """What a row says of the system itself."""
    data = composed[system.part]["data"]
    return {
        "system": system.title,
        "changed": ", ".join(experiments.shorten(system.changed, system.part)) or None,
        "parameters": count_parameters(composed, system.part),
        "size": f"{data['crop_size'][0]}x{data['crop_size'][1]}",
        "split": data["split"],
        "settings": settings_digest(composed, system.part),
        "reported": ", ".join(f"{key} {value}" for key, value in system.reported.items()) or None,
    }


def read_figures(figures: str, history: str, subsets: str) -> dict[str, Any]:
    """What a row says of a run, by the texts of its files."""
    epochs, groups = (list(csv.DictReader(text.splitlines())) for text in (history, subsets))
    found = experiments.parse_figures(figures)
    return {
        "epochs": len(epochs),
        "val_loss": float(epochs[-1]["val_loss"]),
        "val_nme": float(epochs[-1]["val_nme"]),
        "val_nmes": [round(float(epoch["val_nme"]), 2) for epoch in epochs],
        **{key: found[key] for key in MEASURED if key in found},
        **{f"{kind}s": read_column(groups, kind, "nme") for kind in KINDS},
        **{f"region_{key}": read_column(groups, "region", key) for key in ("codec_nme", "outside")},
    }


def read_column(rows: list[dict[str, str]], kind: str, key: str) -> dict[str, float]:
    """One figure of a kind's rows, by their names; of rows without it, nothing."""
    return {row["name"]: float(row[key]) for row in rows if row["kind"] == kind and key in row}


def metrics_files(part: str) -> list[str]:
    """What `read_figures` reads, in metrics/."""
    return [f"figures/{part}.csv", f"history/{part}.csv", f"subsets/{part}.csv"]


def read_results(composed: dict[str, Any], part: str, folder: Path) -> dict[str, Any] | None:
    """The same from what `make results` gathered, where it was trained with these settings."""
    if not (folder / "params.yaml").exists():
        return None
    kept = params.read(folder / "params.yaml")
    alike = kept | {"threads": composed.get("threads")}  # by their number, figures change in rounding alone
    if part not in kept or decisive(alike, part) != decisive(composed, part):
        return None
    found = read_figures(*((folder / "metrics" / file).read_text() for file in metrics_files(part)))
    score = folder / "kaggle_score.txt"
    if kept["submission"]["part"] == part and score.exists():
        found["kaggle"] = experiments.parse_estimate(score.read_text())
    timed = folder / "minutes.json"
    found["minutes"] = json.loads(timed.read_text()).get(part) if timed.exists() else None
    return found | {"read_from": str(folder)}


def count_parameters(composed: dict[str, Any], part: str) -> int:
    """How many the part's net has."""
    from keypoints.models.trained import Trained

    net = Trained.new(params.parse(composed).part(part), fresh=False).model
    return sum(p.numel() for p in net.parameters())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=errors.summary(__doc__))
    parser.add_argument("--only", nargs="*", default=[], metavar="ROW", help="nose, or nose-kim")
    parser.add_argument("--scorer", type=Path, help="the leaderboard's kaggle_score.py")
    parser.add_argument("--profile", default="real")
    parser.add_argument("--no-imagenet", action="store_true", help="train those that start from it without")
    parser.add_argument("--again", action="store_true", help="measure again what has its row already")
    args = parser.parse_args()
    errors.run(main, args.only, args.scorer, args.profile, not args.no_imagenet, args.again)
