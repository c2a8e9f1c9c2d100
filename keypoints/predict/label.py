"""Annotations for your photographs, to correct in CVAT, labelme or imglab.

    keypoints label photos                        # labels/annotations.json, COCO as CVAT imports it
    keypoints label photos --format labelme       # labels/*.json; then `labelme photos --output labels`
    keypoints label photos --format dlib          # labels/faces.xml; then `imglab labels/faces.xml`
    keypoints label photos --weights models/own.pt

Pictures come in the order in which they need a look, the most doubtful first; labels/worst_first.csv lists
them. What was corrected comes back in by `keypoints inspect`.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from keypoints import errors, files
from keypoints.errors import UserError

if TYPE_CHECKING:
    from keypoints.datasets.face_table import Face, Size
    from keypoints.datasets.formats import Annotated
    from keypoints.landmarks import Scheme
    from keypoints.predict.predictor import Predictor

OUT = Path("labels")
LIST = "worst_first.csv"
FORMATS = ("coco", "labelme", "dlib", "pts")  # those of `datasets.formats.WRITERS`


@dataclass
class Labels:
    """The faces that were found, in pixels as the files store them, each with its doubt.

    sizes and turned are as in `Annotated`.
    """

    faces: list[tuple[float, Face]] = field(default_factory=list)
    sizes: dict[str, Size | str] = field(default_factory=dict)
    turned: dict[str, int] = field(default_factory=dict)
    without: list[str] = field(default_factory=list)

    def worst_first(self) -> list[tuple[float, Face]]:
        return sorted(self.faces, key=lambda each: (-each[0], each[1].file, each[1].points))

    def annotated(self, folder: Path, scheme: Scheme) -> Annotated:
        from keypoints.datasets.formats import Annotated
        from keypoints.datasets.formats.scheme import edges

        faces = [face for _, face in self.worst_first()]
        skeleton = edges(scheme.outlines)
        return Annotated(
            folder, "predicted", tuple(scheme.names()), skeleton, faces, (), self.sizes, self.turned
        )


def command(argv: Sequence[str] | None = None, prog: str = "keypoints label") -> None:
    errors.run(main, arguments(prog).parse_args(argv))


def main(args: argparse.Namespace) -> None:
    from keypoints.datasets import formats
    from keypoints.predict.__main__ import photographs
    from keypoints.predict.predictor import Predictor

    if not args.folder.is_dir():
        raise UserError(f"{args.folder} is no folder: name the folder of your photographs")
    if args.out.exists() and (not args.out.is_dir() or any(args.out.iterdir())):
        raise UserError(f"{args.out} is not empty, and corrections may be in it: name another --out")
    names = photographs([str(args.folder)])
    predictor = Predictor(args.part, args.weights, args.detector, threads=1 if len(names) > 1 else None)
    labels, broken = find(predictor, args.folder, names)
    if not labels.faces:
        raise UserError(
            f"{args.folder}: no face was found on {len(names)} photographs: try another --detector"
        )
    annotated = labels.annotated(args.folder, predictor.scheme)
    written = formats.write(annotated, args.format, args.out)
    write_list(args.out / LIST, labels)
    print(
        f"{written}: {len(labels.faces)} faces, the most doubtful first as in {args.out / LIST}",
        file=sys.stderr,
    )
    if labels.without:
        print(f"no face found: {', '.join(labels.without)}", file=sys.stderr)
    if broken:
        sys.exit(1)


def find(predictor: Predictor, folder: Path, names: list[str]) -> tuple[Labels, int]:
    """The faces on all photographs, and how many of these cannot be read."""
    from keypoints import images
    from keypoints.datasets import face_table
    from keypoints.datasets.face_table import Face
    from keypoints.predict.__main__ import answers

    labels, broken = Labels(), 0
    for name, image, faces in answers(predictor, names, None):
        if image is None:
            broken += 1
            continue
        data, file = Path(name).read_bytes(), Path(name).relative_to(folder).as_posix()
        turn, size = images.orientation(data), face_table.picture_size(data)
        if isinstance(size, str):  # it was replaced just now
            broken += 1
            continue
        labels.sizes[file] = size
        if turn != 1:
            labels.turned[file] = turn
        if not faces:
            labels.without.append(file)
        for face in faces:
            points = images.unturn_points(face.points.astype(float), turn, size).round(2)
            box = tuple(round(v, 2) for v in images.unturn_box(face.box, turn, size))
            labels.faces.append((face.doubt, Face(file, box, tuple(points.ravel().tolist()), file, "")))  # type: ignore[arg-type]
    return labels, broken


def write_list(path: Path, labels: Labels) -> None:
    """Each face's file and doubt (see `predictor.Face`), the worst first."""
    with files.whole(path) as part, open(part, "w", newline="", encoding="utf-8") as stream:
        rows = csv.writer(stream, lineterminator="\n")
        rows.writerow(["file", "doubt"])
        rows.writerows([face.file, f"{doubt:.2f}"] for doubt, face in labels.worst_first())


def arguments(prog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=prog, description=errors.summary(__doc__))
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="a folder of photographs")
    parser.add_argument(
        "--format", choices=FORMATS, default="coco", help="of the annotations; by default coco"
    )
    parser.add_argument("--out", type=Path, default=OUT, metavar="FOLDER", help="an empty folder (labels)")
    parser.add_argument("--part", default="landmarks", help="landmarks (68 points), face (58) or nose (1)")
    parser.add_argument("--weights", type=Path, help="your own instead: models/<part>.pt, or an ONNX file")
    parser.add_argument(
        "--detector", help="finds the faces: faces (the default), mtcnn, haar, centerface, dlib, whole"
    )
    return parser


if __name__ == "__main__":
    command(prog="python -m keypoints.predict.label")
