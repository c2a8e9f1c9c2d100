"""Put the weights of the workspace's real run into pretrained/, with a card for each: `make release`.

Half precision; the figures on the cards are of those very files.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from keypoints import errors, files, params, paths
from keypoints.datasets import tensors
from keypoints.errors import UserError
from keypoints.evaluation import metrics
from keypoints.export import onnx_graph
from keypoints.models.trained import Trained
from keypoints.pretrained import FOLDER, SHIPPED
from keypoints.recipes import Part
from keypoints.reports import markdown

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
Trained on a third of iBUG's training faces. It errs most along the jaw, on profiles, and where hands or
hair hide the face; and it returns 68 points for any input.""",
    "face": """\
Trained on 32 people in front of one wall: on other photographs its points are a rough guess. For those
take `landmarks`.""",
    "nose": """\
Trained on 32 people in front of one wall: on other photographs it is a rough guess. For those take
`landmarks`, whose `nose_3` is the tip.""",
    "faces": """\
It finds faces from about 10 pixels on in the picture as it is searched, turned by up to 120 degrees. The
figures below are of its surest face in a picture that shows 2.67 boxes of one; how many faces it finds, and
what else, is in results/boxes.md.""",
}
POINTS = {
    "nose1": "the nose point of a face",
    "imm58": "58 points of a face",
    "ibug68": "68 points of a face",
    "axis2": "where faces are, and how they are turned",
}


def main() -> None:
    settings = params.load()
    if settings.profile.name != "real":
        raise UserError(f"params.yaml is of the profile {settings.profile.name}: run `make real` first")
    about: dict[str, Any] = {}
    for name in SHIPPED:
        part = settings.part(name)
        source, path = paths.weights(name), FOLDER / f"{name}.pt"
        Trained.load(source, part).save(path, half=True)
        about[name] = {"trained": hash_in_lock(name, source), "bytes": path.stat().st_size}
        trained = Trained.load(path, part)
        about[name]["figures"] = measure(trained, tensors.load(paths.tensors(name)))
        store(path)
        store_onnx(name, trained)
        with files.whole(FOLDER / f"{name}.md") as card:
            card.write_text(write_card(name, part, about[name]))
    with files.whole(FOLDER / "figures.json") as table:
        table.write_text(json.dumps(about, indent=2) + "\n")
    for name in SHIPPED:
        print(f"{FOLDER.relative_to(paths.ROOT)}/{name}.pt: {about[name]['bytes']:,} bytes")


def store_onnx(name: str, trained: Trained) -> None:
    """The same weights as the ONNX file that the light runtime reads."""
    path = FOLDER / f"{name}.onnx"
    onnx_graph.save(trained, name, path, half=True)
    store(path)


def hash_in_lock(name: str, source: Path) -> str:
    """The hash that dvc.lock has of a part's weights, which must be those. Raises `UserError`."""
    outs = yaml.safe_load(Path("dvc.lock").read_text())["stages"][f"train@{name}"]["outs"]
    found = next(out["md5"] for out in outs if out["path"] == str(source))
    if files.digest(source, "md5") != found:
        raise UserError(f"{source} is not the one of dvc.lock: run `dvc repro`")
    return found


def measure(trained: Trained, faces: tensors.Faces) -> dict[str, dict[str, dict[str, float]]]:
    """look -> all test faces and each subset of them -> the figures of COLUMNS."""
    faces = faces.held_out()
    truth, sizes = faces.in_image(faces.points), (faces.image_size, faces.eye_distance)
    figures: dict[str, dict[str, dict[str, float]]] = {}
    for look, flip in (("one look", False), ("with the mirrored face", True)):
        found = faces.in_image(trained.points(faces.crops(), flip=flip))
        rows: list[dict[str, Any]] = [{"name": "all test faces", **metrics.summary(truth, found, *sizes)}]
        rows += metrics.by_group(faces.subset.tolist(), truth, found, *sizes)
        figures[look] = {row["name"]: {key: float(f"{row[key]:.5g}") for key in COLUMNS} for row in rows}
    return figures


def store(path: Path) -> None:
    """Give a file to DVC, which keeps it in the remote inside of the repository. Raises `UserError`."""
    pointer = Path(f"{path}.dvc")
    for command in (("add", "--quiet", str(path)), ("push", "--quiet", "-r", REMOTE, str(pointer))):
        done = run_dvc(*command)
        if done.returncode:
            raise UserError(f"dvc {command[0]} {path.name}: {done.stderr.strip()[-300:]}")
    content = yaml.safe_load(pointer.read_text())
    content["outs"][0]["remote"] = REMOTE  # or a plain `dvc pull` would look for a default one
    pointer.write_text(yaml.safe_dump(content, sort_keys=False))


def run_dvc(*arguments: str) -> subprocess.CompletedProcess[str]:
    """DVC of this environment, at the project's root."""
    command = [sys.executable, "-m", "dvc", *arguments]
    return subprocess.run(command, cwd=paths.ROOT, capture_output=True, text=True, check=False)


def write_card(name: str, part: Part, about: dict[str, Any]) -> str:
    """The model card, Markdown: net, data and terms, limits, figures."""
    width, height = part.data.crop_size
    colour = "grey" if part.data.channels == 1 else "colour"
    lines = [
        f"# `{name}`: {POINTS[part.data.points]}",
        "",
        "Written by `make release`.",
        "",
        f"**Net.** Recipe `{part.recipe}` of conf/{name}/: crops of {width} x {height} pixels in {colour};",
        f"{about['bytes']:,} bytes at half precision.",
        "",
        f"**Data and terms.** {TERMS[part.data.dataset]}",
        "Because of the data the weights are for research and education, not for commerce.",
        "",
        f"**Limits.** {LIMITS[name]}",
        "How the error differs between groups of people was not measured.",
        "",
        "**Figures** of this very file, on faces it was not trained on, in the data set's boxes:",
    ]
    for look, rows in about["figures"].items():
        cells = ([row, *values.values()] for row, values in rows.items())
        lines += ["", *markdown.table([look, *COLUMNS.values()], cells)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    errors.run(main)
