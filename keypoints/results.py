"""Gather what a run gave into results/<profile>, which git keeps: `make results`.

    python -m keypoints.results --scorer kaggle_score.py

Copies metrics, params.yaml, dvc.lock and the pictures that show no face of a data set, runs the
Kaggle scorer on the submission where there is one, and writes a table of it all as README.md.
Refuses when `dvc status` says that the outputs are not those of params.yaml.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path

from keypoints import errors, params
from keypoints.errors import UserError

# No data set's face is on them.
PICTURES = ("curves", "cumulative", "point_error", "filters", "maps", "components")
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


def main(scorer: Path | None) -> None:
    settings = params.load()
    fresh = subprocess.run(["dvc", "status", "--quiet"], check=False)
    if fresh.returncode:
        raise UserError("the outputs are not those of params.yaml: run `dvc repro` first")
    final, out = Path("results") / settings.profile.name, Path("results") / f".{settings.profile.name}"
    shutil.rmtree(out, ignore_errors=True)
    copy([Path("params.yaml"), Path("dvc.lock")], out)
    lines = [f"# Results of the profile `{settings.profile.name}`", "", "Written by `make results`.", ""]
    lines += [f"| part | recipe | {' | '.join(COLUMNS.values())} |", "|---|---|" + "---:|" * len(COLUMNS)]
    for name, part in settings.parts.items():
        figures = json.loads(Path(f"metrics/{name}.json").read_text())
        lines.append(f"| {name} | {part.recipe} | {' | '.join(f'{figures[k]:.4g}' for k in COLUMNS)} |")
        copy([Path(f"metrics/{name}.json")], out / "metrics")
        for kind in ("subsets", "history", "cumulative"):
            copy([Path(f"metrics/{kind}/{name}.csv")], out / "metrics" / kind)
        copy([Path(f"plots/{name}/{picture}.png") for picture in PICTURES], out / "plots" / name)
    for name in settings.parts:
        lines += ["", f"## {name}: by subset and region", "", *subsets(Path(f"metrics/subsets/{name}.csv"))]
    if scorer and Path("submissions/kaggle.csv").exists():
        command = [sys.executable, str(scorer), "submissions/kaggle.csv"]
        score = subprocess.run(command, capture_output=True, text=True, check=False)
        if score.returncode:
            raise UserError(f"{scorer} refused the submission: {score.stderr.strip()[-300:]}")
        (out / "kaggle_score.txt").write_text(score.stdout)
        lines += ["", "## The Kaggle list, as the scorer says", "", "```", score.stdout.strip(), "```"]
    (out / "README.md").write_text("\n".join(lines) + "\n")
    shutil.rmtree(final, ignore_errors=True)
    out.rename(final)
    print(f"{final}: {', '.join(settings.parts)}")


def copy(paths: list[Path], folder: Path) -> None:
    """Copy those files that there are into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in paths:
        if path.exists():
            shutil.copyfile(path, folder / path.name)


def subsets(path: Path) -> list[str]:
    """The lines of a Markdown table of a subsets CSV."""
    header, *rows = (line.split(",") for line in path.read_text().splitlines())
    table = ["| " + " | ".join(header) + " |", "|---|---|" + "---:|" * (len(header) - 2)]
    return table + ["| " + " | ".join(row) + " |" for row in rows]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scorer", type=Path, help="the leaderboard's kaggle_score.py")
    args = parser.parse_args()
    errors.run(main, args.scorer)
