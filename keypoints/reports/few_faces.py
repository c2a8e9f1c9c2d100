"""What few annotated faces give, from the shipped weights and from nothing: results/own-data.md.

    KEYPOINTS_MIRROR=folder python -m keypoints.reports.few_faces

IMM's 58 points by the recipes of conf/own/, as a person's own faces would be: boxes are those that the points
span. Trains on 8, 16, 32, 64 and 192 pictures of people 1 to 32 (each with all of the smaller ones) and
measures on people 33 to 40, whom nothing was chosen by: no epoch, no setting. Every run shows the net
equally many faces. What results/own-data.csv has already is not trained again.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from keypoints import compose, crops, errors, files
from keypoints.datasets import downloads, imm, tensors
from keypoints.datasets.formats.annotated import box_of
from keypoints.errors import Faults
from keypoints.reports import folds, markdown
from keypoints.settings import params
from keypoints.settings.recipes import Part

RESULTS = Path("results")
PICTURES = (8, 16, 32, 64, 192)
RECIPES = {"scratch": "from nothing", "best": "from the shipped weights"}
SCALE = round(1.3 * crops.DLIB_SIDE, 2)  # of the points' box: what the shipped net's crops show
PARTS = 5  # epochs, to see how it goes; the schedule counts steps
FIGURES = ("nme", "auc_8", "fr_8", "mean_shape_nme")
Row = dict[str, str]


def main(shown: int, threads: int) -> None:
    settings = params.parse(compose.read(["profile=real"]), "conf")
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "imm"
        downloads.fetch("imm", settings.dataset("imm"), settings.profile.mirror, archive)
        faces = read_faces(archive, recipe("best", shown, 1), settings.seed)
    rows = read_rows()
    for pictures in PICTURES:
        for name in RECIPES:
            if not any((row["recipe"], row["pictures"]) == (name, str(pictures)) for row in rows):
                part = recipe(name, shown, pictures)
                figures = folds.measure(part, faces, part.train.epochs, settings.seed, threads)
                row = {"recipe": name, "pictures": str(pictures), "shown": str(shown)}
                rows.append(row | {key: f"{figures[key]:.4g}" for key in FIGURES})
                write(rows)
                print(f"{name}, {pictures} pictures: NME {rows[-1]['nme']} %", file=sys.stderr)
    write(rows)


def recipe(name: str, shown: int, pictures: int) -> Part:
    """The recipe of conf/own/, for IMM and so many pictures."""
    part = params.parse(compose.read([f"own={name}"]), "conf").part("own")
    data = replace(part.data, dataset="imm", points="imm58", split="course", scale=SCALE)
    train = replace(part.train, epochs=PARTS, draws=shown // PARTS, faces=pictures)
    return replace(part, data=data, train=train)


def read_faces(archive: Path, part: Part, seed: int) -> tensors.Faces:
    """IMM's faces in the boxes that their points span; the split `course` calls those of the test "val"."""
    faults = Faults(archive, 0.0)
    table = imm.parse(archive, seed, faults)
    table[["left", "top", "box_width", "box_height"]] = [box_of(points) for points in table["points"]]
    table["split_course"] = table["split_course"].replace("val", "test")
    return tensors.build(table, archive, part.data, imm.SCHEME, faults)


def read_rows() -> list[Row]:
    path = RESULTS / "own-data.csv"
    if not path.exists():
        return []
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write(rows: list[Row]) -> None:
    """The CSV, the chart and the page of these rows."""
    rows = sorted(rows, key=lambda row: (int(row["pictures"]), row["recipe"]))
    files.write_csv(RESULTS / "own-data.csv", list(rows[0]), (row.values() for row in rows))
    draw(RESULTS / "own-data.png", rows)
    with files.whole(RESULTS / "own-data.md") as part:
        part.write_text("\n".join(page(rows)) + "\n")


def page(rows: list[Row]) -> list[str]:
    """The lines of results/own-data.md."""
    of = {(row["recipe"], int(row["pictures"])): row for row in rows}
    table: list[list[markdown.Cell]] = [
        [str(pictures), *(float(of[name, pictures]["nme"]) for name in RECIPES), mean_shape(of, pictures)]
        for pictures in PICTURES
        if all((name, pictures) in of for name in RECIPES)
    ]
    shown = " or ".join(sorted({row["shown"] for row in rows}))
    return [
        "# Few faces of your own",
        "",
        "Written by `python -m keypoints.reports.few_faces`.",
        "",
        "IMM's 58 points as if they were a person's own, by the recipes `own=best` (from the shipped",
        "68-point weights, which never saw IMM) and `own=scratch`. Trained on pictures of people 1 to 32,",
        "measured on all 48 of people 33 to 40, by whom nothing was chosen. NME in % of the distance of the",
        f"outer eye corners. Every training showed {shown} crops in batches of 12, with one seed. `make own`",
        "stops after 200 epochs, so of few pictures it shows fewer: of 8, about 1,000.",
        "",
        *markdown.table(["pictures", *RECIPES.values(), "mean shape"], table),
        "",
        "![NME by the number of pictures](own-data.png)",
    ]


def mean_shape(of: dict[tuple[str, int], Row], pictures: int) -> float:
    return float(of["best", pictures]["mean_shape_nme"])


def draw(path: Path, rows: list[Row]) -> None:
    """A line per recipe: NME by pictures, these on a logarithmic axis."""
    from keypoints.pictures.colours import LINES
    from keypoints.plots.style import DASHES, figure

    with figure(path, 4.6, 3.4) as sheet:
        at = sheet.subplots()
        for k, (name, label) in enumerate(RECIPES.items()):
            own = [row for row in rows if row["recipe"] == name]
            xy = np.array([(int(row["pictures"]), float(row["nme"])) for row in own]).reshape(-1, 2).T
            at.plot(*xy, "o", color=LINES[k], linestyle=DASHES[k], markersize=4, label=label)
        at.set(xscale="log", xlabel="annotated pictures", ylabel="NME of 48 others, %")
        at.set_xticks(PICTURES, [str(pictures) for pictures in PICTURES])
        at.minorticks_off()
        at.set_ylim(bottom=0)
        sheet.legend(loc="outside upper center", ncols=2)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=errors.summary(__doc__))
    parser.add_argument("--shown", type=int, default=12_000, help="crops that a training shows")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    errors.run(main, args.shown, args.threads)
