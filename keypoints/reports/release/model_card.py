"""The text of a model card: pretrained/<part>.md, by the figures of `card_figures`."""

from __future__ import annotations

from typing import Any

from keypoints import paths
from keypoints.reports import markdown
from keypoints.reports.release.conditions import FEW
from keypoints.settings.recipes import Part

COLUMNS = {
    "nme": "NME, %",
    "mae_px": "MAE, px",
    "auc_8": "AUC 8 %",
    "fr_8": "failures > 8 %",
    "faces": "faces",
}
STARTED = """\
It started from the net of the part `youtube`, trained on frames of YouTube Faces with Udacity's 68 points
(research)."""
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
    "glance": """\
A first look at faces turned by any angle, without the mirror image; `landmarks` then looks more closely.
Its points are a rough guess; the figures below are of faces as they lie in the photographs.""",
}
POINTS = {
    "nose1": "the nose point of a face",
    "imm58": "58 points of a face",
    "ibug68": "68 points of a face",
    "axis2": "where faces are, and how they are turned",
}
OUTLINES = {"along": "along, %", "across": "across, %", "along_share": "of the squared error, along"}
GROUPS = {
    "nme": "NME, %",
    "margin": "±",
    "of_side": "of the face's side, %",
    "fr_8": "failures > 8 %",
    "faces": "faces",
}
CHANGES = {
    "nme": "NME, %",
    "fr_8": "failures > 8 %",
    "hidden": "points hidden",
    "hidden_nme": "their NME, %",
    "bare_nme": "theirs uncovered, %",
}
OUTLINED = """\
**Along and across outlines.** A point can slide along an outline that no corner marks. Of an error without
direction, half lies along."""
CONDITIONS = f"""\
**By what a picture shows.** View: how far the middle of the nose lies from that of the outer eye corners, in
distances of these. Tilt: of the line of the eyes, degrees. Size: the face's side, the root of the area of the
points' bounding box, pixels of the photograph. Light and contrast: mean and standard deviation of the pixels
in that box, 0 to 255. As a head turns, the corners of the eyes come closer and NME grows by itself; the error
in % of the face's side does not. ±: of the NME, with 95 %, where each person or photograph is one draw.
(few): fewer than {FEW} faces, which say little."""
CHANGED = """\
**Covered and shrunk.** The same faces with what `--overlay` draws, by their true points, and with fewer
pixels. A point is hidden where the drawing over it is more than half opaque; where it is, is known from the
uncovered photograph."""
UNKNOWN = "How the error differs between groups of people was not measured"


def write(name: str, part: Part, about: dict[str, Any]) -> str:
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
        *([STARTED] if part.train.starts_from == paths.weights("youtube") else []),
        "Because of the data the weights are for research and education, not for commerce.",
        "",
        f"**Limits.** {LIMITS[name]}",
        f"{UNKNOWN}; by what else, see below." if "conditions" in about else f"{UNKNOWN}.",
        "",
        "**Figures** of this very file, on faces it was not trained on, in the data set's boxes:",
    ]
    for look, rows in about["figures"].items():
        cells = ([row, *values.values()] for row, values in rows.items())
        lines += ["", *markdown.table([look, *COLUMNS.values()], cells)]
    if "conditions" in about:
        lines += ["", *circumstance_lines(about)]
    return "\n".join(lines) + "\n"


def circumstance_lines(about: dict[str, Any]) -> list[str]:
    """The tables of what `card_figures.measure_circumstances` gave, and what they mean."""
    lines = ["All that follows is with the mirrored face, and leaves mirrored twins of photographs out."]
    if about["outlines"]:
        rows = ([region or "all", *row.values()] for region, row in about["outlines"].items())
        lines += ["", OUTLINED, "", *markdown.table(["outlines", *OUTLINES.values()], rows)]
    groups = (
        [row["condition"], row["group"] + " (few)" * (row["faces"] < FEW), *(row[key] for key in GROUPS)]
        for row in about["conditions"]
    )
    lines += ["", CONDITIONS, "", *markdown.table(["by", "", *GROUPS.values()], groups, 2)]
    changes = ([row["name"], *(row.get(key) for key in CHANGES)] for row in about["changes"])
    return [*lines, "", CHANGED, "", *markdown.table(["the same faces", *CHANGES.values()], changes)]
