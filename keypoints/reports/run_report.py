"""Gather what a run gave into results/<profile>, which git keeps: `make results`.

    python -m keypoints.reports.run_report --scorer kaggle_score.py

Copies metrics, params.yaml, dvc.lock and the pictures that show no face of a data set, runs the
Kaggle scorer on the submission where there is one, and writes a table of it all as README.md.
Refuses when `dvc status` says that the outputs are not those of params.yaml. `--only nose face`
renews those parts and leaves the others' files, settings and lock entries as they are.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
from pathlib import Path

import yaml

from keypoints import errors, paths
from keypoints.errors import UserError
from keypoints.reports import experiments, markdown
from keypoints.settings import params

# No data set's face is on them.
PICTURES = ("curves", "cumulative", "point_error", "directions", "filters", "maps", "components")
COLUMNS = {
    "mse": "MSE",
    "mae_px": "MAE, px",
    "nme": "NME, %",
    "auc_8": "AUC 8 %",
    "fr_8": "failures > 8 %",
    "faces": "faces",
    "mean_shape_mse": "mean shape MSE",
    "mean_shape_nme": "mean shape NME, %",
}


def main(scorer: Path | None, only: list[str]) -> None:
    settings = params.load()
    parts = only or list(settings.parts)
    for part in parts:
        settings.part(part)  # or says that there is none
    submitted = settings.submission.part in parts
    fresh = subprocess.run(["dvc", "status", "--quiet", *measuring_stages(parts, submitted)], check=False)
    if fresh.returncode:
        raise UserError("the outputs are not those of params.yaml: run `dvc repro` first")
    final, out = Path("results") / settings.profile.name, Path("results") / f".{settings.profile.name}"
    shutil.rmtree(out, ignore_errors=True)
    if only and final.exists():
        shutil.copytree(final, out)
    for file in (paths.PARAMS, paths.LOCK):
        merge(file, out / file, settings.parts.keys() - set(parts))
    for name in parts:
        for path in (paths.metrics, paths.figures, paths.subsets, paths.history, paths.cumulative):
            copy_existing([path(name)], out / path(name).parent)
        copy_existing([paths.plots(name) / f"{picture}.png" for picture in PICTURES], out / "plots" / name)
    note_minutes(out / "minutes.json", parts)
    if scorer and submitted and paths.SUBMISSION.exists():
        (out / "kaggle_score.txt").write_text(experiments.run_scorer(scorer, paths.SUBMISSION))
    (out / "README.md").write_text("\n".join(page_lines(out, settings)) + "\n")
    shutil.rmtree(final, ignore_errors=True)
    out.rename(final)
    print(f"{final}: {', '.join(parts)}")


def measuring_stages(parts: list[str], submitted: bool) -> list[str]:
    """The stages that measure these parts; DVC checks what they depend on, too, and nothing else."""
    measured = [f"{stage}@{part}" for part in parts for stage in ("evaluate", "render")]
    return ["--with-deps", *measured, *(["submit"] if submitted else [])]


def merge(source: Path, kept: Path, others: set[str]) -> None:
    """Copy params.yaml or dvc.lock; of a former copy's entries those of the `others` stay."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    if not kept.exists():
        shutil.copyfile(source, kept)
        return
    ours, former = params.read(source), params.read(kept)
    new, old = (tree.get("stages", tree) for tree in (ours, former))
    for key in old.keys() | new.keys():
        if (key.partition("@")[2] or key) in others:  # a part's stage, or its block of params.yaml
            new.pop(key, None)
            new |= {key: old[key]} if key in old else {}
    kept.write_text(yaml.safe_dump(ours, sort_keys=False))


def note_minutes(kept: Path, parts: list[str]) -> None:
    """Note how long these parts trained, beside what is noted of others; null where MLflow does not know."""
    known = json.loads(kept.read_text()) if kept.exists() else {}
    for name in parts:
        seconds = experiments.training_seconds_of(paths.weights(name))
        known[name] = round(seconds / 60, 1) if seconds else None
    kept.write_text(json.dumps(known, indent=2) + "\n")


def page_lines(out: Path, settings: params.Params) -> list[str]:
    """The lines of README.md, by the files in `out`."""
    lines = [f"# Results of the profile `{settings.profile.name}`", "", "Written by `make results`.", ""]
    minutes = json.loads((out / "minutes.json").read_text())
    rows = []
    for name, part in settings.parts.items():
        figures = experiments.parse_figures((out / paths.figures(name)).read_text())
        rows.append([name, part.recipe, *(figures[key] for key in COLUMNS), minutes.get(name)])
    lines += markdown.table(["part", "recipe", *COLUMNS.values(), "training, min"], rows, 2)
    for name in settings.parts:
        lines += ["", f"## {name}: by subset and region", "", *subset_table(out / paths.subsets(name))]
    if (out / "kaggle_score.txt").exists():
        score = (out / "kaggle_score.txt").read_text().strip()
        lines += ["", "## The Kaggle list, as the scorer says", "", "```", score, "```"]
    return lines


def copy_existing(paths: list[Path], folder: Path) -> None:
    """Copy those files that there are into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in paths:
        if path.exists():
            shutil.copyfile(path, folder / path.name)


def subset_table(path: Path) -> list[str]:
    """The lines of a Markdown table of a subsets CSV."""
    header, *rows = (line.split(",") for line in path.read_text().splitlines())
    return markdown.table(header, rows, 2)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=errors.summary(__doc__))
    parser.add_argument("--scorer", type=Path, help="the leaderboard's kaggle_score.py")
    parser.add_argument("--only", nargs="*", default=[], metavar="PART", help="renew these parts")
    args = parser.parse_args()
    errors.run(main, args.scorer, args.only)
