"""Annotations for your photographs, to correct in CVAT, labelme or imglab.

    keypoints label photos                        # labels/annotations.json, COCO as CVAT imports it
    keypoints label photos --format labelme       # labels/*.json; then `labelme photos --output labels`
    keypoints label photos --format dlib          # labels/faces.xml; then `imglab labels/faces.xml`
    keypoints label photos --weights models/own.pt

Pictures are sorted by how much they need a look, the most doubtful first; labels/worst_first.csv lists them.
`keypoints inspect` and `make own` read the corrected annotations. labelme looks for names without folders in
--output: for photographs in subfolders, see docs/formats.md.
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
    from keypoints.predict.predictor import Predictor
    from keypoints.predict.writers.annotation_writer import Annotations, Photograph

OUT = Path("labels")
LIST = "worst_first.csv"


@dataclass
class Labels:
    """What was found.

    photographs: those with faces, the most doubtful face of each first
    without:     the names of those without faces
    broken:      how many could not be read or written
    """

    photographs: list[Photograph] = field(default_factory=list)
    without: list[str] = field(default_factory=list)
    broken: int = 0

    def worst_first(self) -> list[Photograph]:
        return sorted(self.photographs, key=lambda each: (-each.faces[0].doubt, each.file))

    def doubts(self) -> list[tuple[float, str]]:
        """The doubt of each face (see `faces.face.Face`) and its file, the worst first."""
        found = [(face.doubt, each.file) for each in self.photographs for face in each.faces]
        return sorted(found, key=lambda each: (-each[0], each[1]))


def command(argv: Sequence[str] | None = None, prog: str = "keypoints label") -> None:
    errors.run(main, arguments(prog).parse_args(argv))


def main(args: argparse.Namespace) -> None:
    from keypoints.predict import photographs, writers
    from keypoints.predict.predictor import Predictor
    from keypoints.predict.writers.album import Album

    if not args.folder.is_dir():
        raise UserError(f"{args.folder} is no folder: name the folder of your photographs")
    check_empty(args.out)
    names = photographs.find([str(args.folder)])
    threads = 1 if len(names) > 1 else None
    predictor = Predictor(args.part, args.weights, args.detector, args.detector_model, threads=threads)
    album = Album(args.folder, names)
    with writers.open_annotations(args.format, args.out, predictor.scheme, album) as writer:
        labels = find(predictor, writer, names)
        if not labels.photographs:
            raise UserError(
                f"{args.folder}: no face was found on {len(names)} photographs: try another --detector"
            )
        for photograph in labels.worst_first():
            writer.add(photograph)
    write_list(args.out / LIST, labels)
    print(
        f"{args.out / writer.FILE}: {len(labels.doubts())} faces, the most doubtful first as in "
        f"{args.out / LIST}",
        file=sys.stderr,
    )
    if labels.without:
        print(f"no face found: {', '.join(labels.without)}", file=sys.stderr)
    if labels.broken:
        sys.exit(1)


def check_empty(out: Path) -> None:
    """Raise `UserError` for a folder that is not empty; what killed runs left in it is removed first."""
    if out.is_dir():
        files.sweep_below(out)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"{out} is not empty, and corrections may be in it: name another --out")


def find(predictor: Predictor, writer: Annotations, names: list[str]) -> Labels:
    """The faces on all photographs, as a writer has them."""
    from keypoints.predict.__main__ import answers
    from keypoints.predict.writers import Unwritable

    labels = Labels()
    for name, image, faces in answers(predictor, names, None):
        if image is None:
            labels.broken += 1
        elif not faces:
            labels.without.append(writer.album.file(name))
        else:
            try:
                doubtful = sorted(faces, key=lambda face: -face.doubt)
                labels.photographs.append(writer.photograph(name, image.size, doubtful))
            except Unwritable as error:
                labels.broken += 1
                errors.report(str(error))
    return labels


def write_list(path: Path, labels: Labels) -> None:
    """A table of the faces' files and doubts, the worst first."""
    with (
        files.whole(path) as part,
        open(part, "w", newline="", encoding="utf-8", errors="surrogateescape") as stream,
    ):
        rows = csv.writer(stream, lineterminator="\n")
        rows.writerow(["file", "doubt"])
        rows.writerows([file, f"{doubt:.2f}"] for doubt, file in labels.doubts())


def arguments(prog: str) -> argparse.ArgumentParser:
    from keypoints.predict.detectors import DEFAULT, DETECTORS
    from keypoints.predict.writers import ANNOTATIONS

    parser = argparse.ArgumentParser(prog=prog, description=errors.summary(__doc__))
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="a folder of photographs")
    parser.add_argument(
        "--format", choices=ANNOTATIONS, default="coco", help="of the annotations; by default coco"
    )
    parser.add_argument("--out", type=Path, default=OUT, metavar="FOLDER", help="an empty folder (labels)")
    parser.add_argument("--part", default="landmarks", help="landmarks (68 points), face (58) or nose (1)")
    parser.add_argument("--weights", type=Path, help="your own instead: models/<part>.pt, or an ONNX file")
    parser.add_argument("--detector", help=f"finds the faces: {', '.join(DETECTORS)}; by default {DEFAULT}")
    parser.add_argument("--detector-model", type=Path, metavar="FILE", help="the ONNX file that yunet needs")
    return parser


if __name__ == "__main__":
    command(prog="python -m keypoints.predict.label")
