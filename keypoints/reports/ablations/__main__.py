"""What each ingredient of a recipe is worth, one at a time: `make ablations` writes results/ablations.md.

    python -m keypoints.reports.ablations --only no_flip --test no_flip

conf/ablations.yaml lists the rows. Each is trained as a DVC experiment of its own, and so is the base without
a change; validation faces alone judge. Where they differ by less than 2 %, both are trained with three seeds.
A seed also draws the validation faces, so a row is compared with the base of the same seed. `--test` looks at
the test faces, once for each row that is named. What results/ablations.csv has by the same settings is not
trained again, so a stopped command goes on where it was; after a change of the code, delete the lines that it
concerns.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import yaml

from keypoints import compose, errors, files, paths
from keypoints.errors import UserError
from keypoints.reports import experiments
from keypoints.reports.ablations import table
from keypoints.reports.ablations.table import BASE, CLOSE, Row
from keypoints.reports.systems import __main__ as systems

OUT = Path("results")
SEEDS = (42, 1, 2)
FAILED = "nan"  # in place of an error
COLUMNS = ("name", "changed", "base", "settings", "seed", "epochs", "val_nme", "minutes", "test_nme")


@dataclass
class Study:
    """The rows of one part and profile.

    listed: name -> its overrides, the base with none
    rows:   what was trained, also of what is listed no more
    """

    part: str
    profile: str
    epochs: int
    listed: dict[str, list[str]]
    rows: list[Row]

    @classmethod
    def read(cls, profile: str, epochs: int | None) -> Study:
        """By conf/ablations.yaml; `epochs` in place of its own."""
        plan = yaml.safe_load((compose.CONF / "ablations.yaml").read_text(encoding="utf-8"))
        study = cls(plan["part"], profile, epochs or plan["epochs"], {BASE: [], **plan["rows"]}, [])
        if study.file.exists():
            with open(study.file, newline="", encoding="utf-8") as file:
                study.rows = list(csv.DictReader(file))
        return study

    @property
    def file(self) -> Path:
        return OUT / ("ablations.csv" if self.profile == "real" else f"ablations-{self.profile}.csv")

    def overrides(self, name: str, seed: int) -> list[str]:
        own = [f"{self.part}.train.epochs={self.epochs}", f"seed={seed}"]
        return [f"profile={self.profile}", *own, *self.listed[name]]

    def settings(self, name: str, seed: int) -> str:
        return digest(tuple(self.overrides(name, seed)), self.part)

    @cached_property
    def base(self) -> str:
        """What tells the present base from earlier ones."""
        return self.settings(BASE, SEEDS[0])

    def find(self, name: str, seed: int) -> Row | None:
        """The training of a row by these very settings against this base, if there was one."""
        sought = {"name": name, "base": self.base, "settings": self.settings(name, seed), "seed": str(seed)}
        return next((row for row in self.rows if sought.items() <= row.items()), None)

    def train(self, name: str, seed: int = SEEDS[0]) -> Row:
        """Train a row unless it was; one that fails has NaN as its error, and is tried again another time."""
        if found := self.find(name, seed):
            if found["val_nme"] != FAILED:
                return found
            self.rows.remove(found)
        print(f"== {name}, seed {seed}: {' '.join(self.listed[name])}", flush=True)
        history = self.run(name, seed, "train", paths.history(self.part))
        seconds = experiments.training_seconds(self.experiment(name, seed))
        row = {"name": name, "changed": " ".join(experiments.shorten(self.listed[name], self.part))}
        row |= {"base": self.base, "settings": self.settings(name, seed), "seed": str(seed)}
        row |= read_validation(history or "")
        row |= {"minutes": f"{seconds / 60:.1f}" if seconds else "", "test_nme": ""}
        self.rows.append(row)
        self.write()
        return row

    def test(self, name: str) -> None:
        """Look at the test faces with a row's first training, unless that was done. Raises `UserError`."""
        row = self.train(name)
        if not row["test_nme"]:
            figures = self.run(name, SEEDS[0], "evaluate", paths.figures(self.part))
            if figures is None:
                raise UserError(f"--test {name}: it failed, see above")
            row["test_nme"] = f"{experiments.parse_figures(figures)['nme']:.4g}"
            self.write()

    def run(self, name: str, seed: int, stage: str, kept: Path) -> str | None:
        """What a file says that a stage leaves; None where the experiment failed."""
        targets = [f"{stage}@{self.part}"]
        commit = experiments.run(self.experiment(name, seed), self.overrides(name, seed), targets)
        return experiments.read_at_commit(commit, str(kept)) if commit else None

    def experiment(self, name: str, seed: int) -> str:
        return f"ablation-{self.profile}-{self.part}-{name}-{seed}".replace("_", "-")

    def write(self) -> None:
        """The list of trainings, and the page."""
        files.write_csv(self.file, COLUMNS, ([row[column] for column in COLUMNS] for row in self.rows))
        with files.whole(self.file.with_suffix(".md")) as part:
            part.write_text("\n".join(table.page(self.rows)) + "\n", encoding="utf-8")


def main(only: Sequence[str], tested: Sequence[str], profile: str, epochs: int | None) -> None:
    """Raises `UserError` for a row that is not listed."""
    study = Study.read(profile, epochs)
    for name in (*only, *tested):
        if name not in study.listed:
            raise UserError(f"{name}: conf/ablations.yaml lists {', '.join(study.listed)}")
    base = study.train(BASE)
    for name in only or study.listed:
        if name != BASE and abs(table.difference(study.train(name), base)) < CLOSE:
            for seed in SEEDS[1:]:
                study.train(BASE, seed)
                study.train(name, seed)
    for name in tested:
        study.test(name)
    study.write()


@cache
def digest(overrides: tuple[str, ...], part: str) -> str:
    """Of all settings that decide a training."""
    return systems.settings_digest(compose.read(list(overrides)), part)


def read_validation(history: str) -> Row:
    """How many epochs a training had, and its last error on the validation faces, %."""
    epochs = list(csv.DictReader(history.splitlines()))
    last = f"{float(epochs[-1]['val_nme']):.6g}" if epochs else FAILED
    return {"epochs": str(len(epochs)), "val_nme": last}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=errors.summary(__doc__))
    parser.add_argument("--only", nargs="*", default=[], metavar="ROW", help="these rows and the base only")
    parser.add_argument(
        "--test", nargs="*", default=[], metavar="ROW", help="measure these on the test faces"
    )
    parser.add_argument("--profile", default="real")
    parser.add_argument("--epochs", type=int, help="of each training, in place of conf/ablations.yaml's")
    args = parser.parse_args()
    errors.run(main, args.only, args.test, args.profile, args.epochs)
