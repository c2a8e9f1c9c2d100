"""Train every option of every group on the real data and put them into one table: `make systems`.

    python -m keypoints.systems --only nose face-zhou --scorer kaggle_score.py

The rows are the options in conf/ and the variants that conf/systems.yaml lists. Each is a DVC
experiment of its own in a temporary folder (`dvc exp run --temp`), so the workspace stays as it is. A
system that has its row in results/systems/, with these settings, is not run again, unless it failed: a
stopped command goes on where it was. `--again` measures it anew, by the weights that DVC's run-cache has.
What `make real` trained with the same settings is not trained twice: its row is read from
results/<profile>. The table says what was run and nothing of what was not.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from keypoints import errors, experiments, files, params, standings

CONF, OUT, PAGE = Path("conf"), Path("results/systems"), Path("README.md")
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
    for system in wanted(only or standings.GROUPS, cpu=not torch.cuda.is_available()):
        row = OUT / profile / f"{system.row}.json"
        composed = settle(system, profile, imagenet)
        if again or not stands(row, composed, system.part, scores(composed, system.part, scorer)):
            print(f"== {row.stem}: {' '.join(system.overrides)}", flush=True)
            made = run(system, composed, profile, scorer)
            with files.whole(row) as temporary:
                temporary.write_text(json.dumps(made, indent=2) + "\n")
            standings.write(OUT / profile, PAGE, known())
    standings.write(OUT / profile, PAGE, known())


def known() -> list[str]:
    """The names of all rows that are listed, in the table's order of parts."""
    return [system.row for part in standings.GROUPS for system in listed(part, cpu=False)]


def wanted(names: Sequence[str], cpu: bool) -> list[System]:
    """The systems that are named, in that order: a part's, or one (`nose-kim`). Raises `UserError`."""
    chosen = []
    for name in names:
        part, _, row = name.partition("-")
        found = [s for s in listed(part, cpu) if row in ("", s.name)] if part in standings.GROUPS else []
        if not found:
            raise errors.UserError(f"--only {name}: neither a part ({', '.join(standings.GROUPS)}) nor a row")
        chosen += found
    return chosen


def listed(part: str, cpu: bool) -> Iterator[System]:
    """The rows of a part: its group's options, then their variants; `cpu`: as a machine without a GPU."""
    said = yaml.safe_load((CONF / "systems.yaml").read_text()).get(part) or {}
    options = sorted(path.stem for path in (CONF / part).glob("*.yaml"))
    for name in [*options, *(name for name in said if name not in options)]:
        row = said.get(name) or {}
        changed = [*row.get("set", []), *(row.get("cpu", []) if cpu else [])]
        yield System(part, name, row.get("option", name), changed, row.get("reported", {}))


def settle(system: System, profile: str, imagenet: bool) -> dict:
    """The system's params.yaml; a net that would start from weights not at hand starts from nothing."""
    composed = compose([f"profile={profile}", *system.overrides])
    if imagenet or not composed[system.part]["model"]["options"].get("pretrained"):
        return composed
    options = f"{system.part}.model.options"
    system.changed.extend([f"{options}.pretrained=false", f"{options}.trained=null"])
    return compose([f"profile={profile}", *system.overrides])


def stands(row: Path, composed: dict, part: str, scored: bool) -> bool:
    """Whether a row was trained with these settings; what was read from results/ is read again.

    Where it failed or misses a score that can be had, it does not stand.
    """
    if not row.exists():
        return False
    kept = json.loads(row.read_text())
    trained = "minutes" in kept and "read_from" not in kept
    complete = kept.get("kaggle") is not None or not scored
    return trained and complete and kept["settings"] == digest(composed, part)


def scores(composed: dict, part: str, scorer: Path | None) -> bool:
    """Whether the Kaggle list can be scored with what a part learns."""
    return bool(scorer) and composed[part]["data"]["points"] == "ibug68" and part != "youtube"


def digest(composed: dict, part: str) -> str:
    """Of all settings that a part's figures depend on."""
    settings = [composed[key] for key in (part, "seed", "threads")]
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:12]


def run(system: System, composed: dict, profile: str, scorer: Path | None) -> dict[str, object]:
    """Train and measure one system; its row of the table. Where it fails, the row says so."""
    part = system.part
    name = f"{profile}-{system.row}".replace("_", "-")
    overrides, targets = [f"profile={profile}", *system.overrides], [f"evaluate@{part}"]
    if gathered_row := gathered(composed, part, Path("results") / profile):
        return described(system, composed) | gathered_row
    scored = scores(composed, part, scorer)
    if scored:
        overrides, targets = [*overrides, f"submission.part={part}"], [*targets, "submit"]
    experiments.forget(name)  # not --force: that trains again what DVC's run-cache holds
    command = ["dvc", "exp", "run", "--temp", "--name", name]
    done = subprocess.run([*command, *(x for o in overrides for x in ("-S", o)), *targets], check=False)
    if done.returncode:
        return described(system, composed) | {"failed": experiments.failure(name)}
    commit = experiments.commit(name)
    figures = measured(*(experiments.shown(commit, f"metrics/{file}") for file in files_of(part)))
    seconds = experiments.seconds(name)
    figures["minutes"] = round(seconds / 60, 2) if seconds else None  # trained under another name
    figures["kaggle"] = experiments.score(commit, scorer) if scored else None
    return described(system, composed) | figures


def described(system: System, composed: dict) -> dict[str, object]:
    """What a row says of the system itself."""
    data = composed[system.part]["data"]
    return {
        "system": system.title,
        "changed": ", ".join(system.changed).replace(f"{system.part}.", "") or None,
        "parameters": parameters(composed, system.part),
        "size": f"{data['crop_size'][0]}x{data['crop_size'][1]}",
        "split": data["split"],
        "settings": digest(composed, system.part),
        "reported": ", ".join(f"{key} {value}" for key, value in system.reported.items()) or None,
    }


def measured(figures: str, history: str, subsets: str) -> dict[str, object]:
    """What a row says of a run, by the texts of its files."""
    epochs, groups = (list(csv.DictReader(text.splitlines())) for text in (history, subsets))
    found = json.loads(figures)
    return {
        "epochs": len(epochs),
        "val_loss": float(epochs[-1]["val_loss"]),
        "val_nme": float(epochs[-1]["val_nme"]),
        "val_nmes": [round(float(epoch["val_nme"]), 2) for epoch in epochs],
        **{key: found[key] for key in MEASURED if key in found},
        **{f"{kind}s": column(groups, kind, "nme") for kind in KINDS},
        **{f"region_{key}": column(groups, "region", key) for key in ("codec_nme", "outside")},
    }


def column(rows: list[dict[str, str]], kind: str, key: str) -> dict[str, float]:
    """One figure of a kind's rows, by their names; of rows without it, nothing."""
    return {row["name"]: float(row[key]) for row in rows if row["kind"] == kind and key in row}


def files_of(part: str) -> list[str]:
    """What `measured` reads, in metrics/."""
    return [f"{part}.json", f"history/{part}.csv", f"subsets/{part}.csv"]


def gathered(composed: dict, part: str, folder: Path) -> dict[str, object] | None:
    """The same of what `make results` gathered, where it was trained with these settings."""
    if not (folder / "params.yaml").exists():
        return None
    kept = params.read(folder / "params.yaml")
    if any(kept.get(key) != composed[key] for key in (part, "seed", "threads")):
        return None
    found = measured(*((folder / "metrics" / file).read_text() for file in files_of(part)))
    said = folder / "kaggle_score.txt"
    if kept["submission"]["part"] == part and said.exists():
        found["kaggle"] = experiments.estimate(said.read_text())
    timed = folder / "minutes.json"
    found["minutes"] = json.loads(timed.read_text()).get(part) if timed.exists() else None
    return found | {"read_from": str(folder)}


def compose(overrides: list[str]) -> dict:
    """params.yaml as these overrides compose it."""
    from keypoints import compose

    with tempfile.TemporaryDirectory() as folder:
        compose.compose(overrides, Path(folder) / "params.yaml")
        return params.read(Path(folder) / "params.yaml")


def parameters(composed: dict, part: str) -> int:
    """How many the part's net has."""
    from keypoints.weights import Trained

    net = Trained.new(params.parse(composed).part(part), fresh=False).model
    return sum(p.numel() for p in net.parameters())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="*", default=[], metavar="ROW", help="nose, or nose-kim")
    parser.add_argument("--scorer", type=Path, help="the leaderboard's kaggle_score.py")
    parser.add_argument("--profile", default="real")
    parser.add_argument("--no-imagenet", action="store_true", help="train those that start from it without")
    parser.add_argument("--again", action="store_true", help="measure anew what has its row already")
    args = parser.parse_args()
    errors.run(main, args.only, args.scorer, args.profile, not args.no_imagenet, args.again)
