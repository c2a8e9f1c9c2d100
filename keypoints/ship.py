"""Put the weights of the workspace's real run into pretrained/, with a card for each: `make ship`.

Half precision; the figures on the cards are of those very files.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from keypoints import errors, files, metrics, params, tensors, weights
from keypoints.errors import UserError
from keypoints.shipped import FOLDER, PARTS, ROOT, dvc

REMOTE = "shipped"  # of .dvc/config: pretrained/store
COLUMNS = {
    "nme": "NME, %",
    "mae_px": "MAE, px",
    "auc_8": "AUC 8 %",
    "fr_8": "failures > 8 %",
    "faces": "faces",
}
TERMS = {
    "imm": """\
Trained on the IMM Face Database (DTU; education and research): people 1 to 32 of 40, in one studio.""",
    "ibug": """\
Trained on iBUG 300-W in dlib's layout (research, non-commercial), the split `strict`: no photograph that
helen/testset, lfpw/testset or dlib's test list has a face of.""",
}
LIMITS = {
    "landmarks": """\
Learnt from a third of iBUG's training faces. It errs most along the jaw, on profiles, and where hands or
hair hide the face; and it says 68 points of whatever it is shown.""",
    "face": """\
Learnt from 32 people in front of one wall: on other photographs its points are a rough guess. For those
take `landmarks`.""",
    "nose": """\
Learnt from 32 people in front of one wall: on other photographs it is a rough guess. For those take
`landmarks`, whose `nose_3` is the tip.""",
}
POINTS = {"nose1": "the nose point", "imm58": "58 points", "ibug68": "68 points"}


def main() -> None:
    settings = params.load()
    if settings.profile.name != "real":
        raise UserError(f"params.yaml is of the profile {settings.profile.name}: run `make real` first")
    told: dict[str, Any] = {}
    for name in PARTS:
        part = settings.part(name)
        source, path = Path(f"models/{name}.pt"), FOLDER / f"{name}.pt"
        weights.load(source, part).save(path, half=True)
        told[name] = {"trained": listed(name, source), "bytes": path.stat().st_size}
        told[name]["figures"] = figures(weights.load(path, part), tensors.load(f"data/tensors/{name}.npz"))
        keep(path)
        with files.whole(FOLDER / f"{name}.md") as card:
            card.write_text(card_of(name, part, told[name]))
    with files.whole(FOLDER / "figures.json") as table:
        table.write_text(json.dumps(told, indent=2) + "\n")
    for name in PARTS:
        print(f"{FOLDER.relative_to(ROOT)}/{name}.pt: {told[name]['bytes']:,} bytes")


def listed(name: str, source: Path) -> str:
    """The hash that dvc.lock has of a part's weights, which must be those. Raises `UserError`."""
    outs = yaml.safe_load(Path("dvc.lock").read_text())["stages"][f"train@{name}"]["outs"]
    found = next(out["md5"] for out in outs if out["path"] == str(source))
    if files.digest(source, "md5") != found:
        raise UserError(f"{source} is not the one of dvc.lock: run `dvc repro`")
    return found


def figures(trained: weights.Trained, faces: tensors.Faces) -> dict[str, dict[str, dict[str, float]]]:
    """look -> all test faces and each subset of them -> the figures of COLUMNS."""
    faces = faces.held_out()
    truth, sizes = faces.in_image(faces.points), (faces.image_size, faces.eye_distance)
    told = {}
    for look, flip in (("one look", False), ("with the mirrored face", True)):
        found = faces.in_image(trained.points(faces.crops(), flip=flip))
        rows = [{"name": "all test faces", **metrics.summary(truth, found, *sizes)}]
        rows += metrics.by_group(faces.subset, truth, found, *sizes)
        told[look] = {row["name"]: {key: float(f"{row[key]:.5g}") for key in COLUMNS} for row in rows}
    return told


def keep(path: Path) -> None:
    """Give a file to DVC, which keeps it in the remote inside of the repository. Raises `UserError`."""
    pointer = Path(f"{path}.dvc")
    for command in (("add", "--quiet", str(path)), ("push", "--quiet", "-r", REMOTE, str(pointer))):
        done = dvc(*command)
        if done.returncode:
            raise UserError(f"dvc {command[0]} {path.name}: {done.stderr.strip()[-300:]}")
    content = yaml.safe_load(pointer.read_text())
    content["outs"][0]["remote"] = REMOTE  # or a plain `dvc pull` would look for a default one
    pointer.write_text(yaml.safe_dump(content, sort_keys=False))


def card_of(name: str, part: params.Part, told: dict[str, Any]) -> str:
    """The model card, Markdown: net, data and terms, limits, figures."""
    width, height = part.data.crop_size
    lines = [
        f"# `{name}`: {POINTS[part.data.points]} of a face",
        "",
        "Written by `make ship`.",
        "",
        f"**Net.** Recipe `{part.recipe}` of conf/{name}/: crops of {width} x {height} pixels in grey;",
        f"{told['bytes']:,} bytes at half precision.",
        "",
        f"**Data and terms.** {TERMS[part.data.dataset]}",
        "Because of the data the weights are for research and education, not for commerce.",
        "",
        f"**Limits.** {LIMITS[name]}",
        "How the error differs between groups of people was not measured.",
        "",
        "**Figures** of this very file, on faces it did not learn from, in the data set's boxes:",
    ]
    for look, rows in told["figures"].items():
        lines += ["", f"| {look} | {' | '.join(COLUMNS.values())} |", "|---|" + "---:|" * len(COLUMNS)]
        for row, values in rows.items():
            lines.append(f"| {row} | {' | '.join(f'{value:.4g}' for value in values.values())} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    errors.run(main)
