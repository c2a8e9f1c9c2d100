"""What is in a folder of annotated faces, and what looks wrong with it.

    keypoints inspect faces            # or an archive: a report, and a picture of 16 faces with named points
    keypoints inspect faces --yaml     # and writes keypoints.yaml beside the data, to edit

The format is recognised by the content (see docs/formats.md). Only --yaml writes into the folder. The exit
status is 1 if a face is wrong and would be left out.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from keypoints import errors, files
from keypoints.errors import UserError, printable

if TYPE_CHECKING:
    from PIL import Image

    from keypoints.datasets.formats import Annotated
    from keypoints.inspection.findings import Finding
    from keypoints.landmarks import Scheme

OUT = Path("inspection")
SHOWN = 5  # findings of a kind; all are in the list
TITLES = {
    "left out": "wrong, and left out",
    "twice": "files that are there twice",
    "alike": "pictures that show nearly the same as another",
    "outside": "faces with points outside of the picture",
    "box": "odd boxes",
    "swapped": "suspected swaps of left and right",
    "outlier": "faces unlike the others",
}


def command(argv: Sequence[str] | None = None, prog: str = "keypoints inspect") -> None:
    errors.run(main, arguments(prog).parse_args(argv))


def main(args: argparse.Namespace) -> None:
    from keypoints.datasets import formats
    from keypoints.datasets.formats import scheme as schemes
    from keypoints.inspection import findings
    from keypoints.landmarks import SCHEMES

    annotated = formats.read(args.folder, max_broken=1.0, kind=args.format).upright()
    scheme = schemes.derive(annotated)
    found = [findings.Finding("left out", each.where, each.why) for each in annotated.left_out if each.broken]
    seen, drawn = look(annotated, scheme, args.out / "faces.png")
    found += seen
    found += findings.find(annotated, scheme)
    write_list(args.out / "findings.csv", found)
    proposal = schemes.as_yaml(scheme)
    print(printable_lines(report(annotated, scheme, found)))
    sheet = f"{args.out / 'faces.png'}: faces with their points; " if drawn else ""
    print(f"\n{sheet}{args.out / 'findings.csv'}: all findings")
    if args.yaml:
        print(f"{write_yaml(args.folder, proposal)}: names, partners and outlines, to edit")
    elif scheme in SCHEMES.values():
        print(f"\nnames and partners are those of {scheme.name}; --yaml writes them into keypoints.yaml")
    else:
        print(
            f"\nkeypoints.yaml beside the data would say the same (--yaml writes it):\n\n{proposal}", end=""
        )
    if any(each.kind == "left out" for each in found):
        sys.exit(1)


def look(annotated: Annotated, scheme: Scheme, path: Path) -> tuple[list[Finding], bool]:
    """Read every picture with a face once; returns broken ones and duplicates, and whether any was drawn."""
    from keypoints.datasets import formats
    from keypoints.inspection import sheet
    from keypoints.inspection.duplicates import Duplicates
    from keypoints.inspection.findings import Finding
    from keypoints.pictures import images

    duplicates = Duplicates()
    kept: dict[str, Image.Image] = {}
    broken: list[Finding] = []
    chosen = sheet.choose(annotated.faces)
    shown, needed = {face.file for face in chosen}, {face.file for face in annotated.faces}
    for name, content in formats.members(annotated.path, needed.__contains__):
        try:
            duplicates.add(name, content)
            if name in shown:
                kept[name] = images.decode(content, 3, upright=True)
        except ValueError as error:
            broken.append(Finding("left out", name, str(error)))
    whole = [face for face in chosen if face.file in kept]
    if whole:
        sheet.draw(path, whole, kept, annotated, scheme)
    return [*broken, *duplicates.find()], bool(whole)


def report(annotated: Annotated, scheme: Scheme, found: list[Finding]) -> list[str]:
    """What was understood and what was found, line by line."""
    import numpy as np

    from keypoints.inspection.findings import count_kinds

    faces = annotated.faces
    missing = np.isnan(annotated.points()).any(axis=-1)
    pictures, groups = len({face.file for face in faces}), len({face.group for face in faces})
    subsets = sorted({face.subset for face in faces})
    lines = [
        f"{annotated.path}: {annotated.format}",
        f"faces       {len(faces)} on {pictures} of {len(annotated.sizes)} pictures",
        f"groups      {groups} {'photographs' if groups == pictures else 'people or photographs'}",
        f"subsets     {', '.join(each or '(none)' for each in subsets[:8])}{' …' * (len(subsets) > 8)}",
        f"points      {len(annotated.names)}: {', '.join(annotated.names)}",
        f"missing     {missing.sum()} of {missing.size} points",
        f"boxes       {sum(bool(face.box) for face in faces)} annotated, the others come from the points",
        f"regions     {', '.join(f'{region} {len(ks)}' for region, ks in scheme.regions.items())}",
        f"partners    {_partners(scheme)}",
        f"outlines    {len(scheme.outlines)}",
        f"error by    {_unit(scheme)}",
    ]
    if skipped := [each for each in annotated.left_out if not each.broken]:
        lines.append(f"not faces   {len(skipped)}, the first {skipped[0].where}: {skipped[0].why}")
    for kind, each in count_kinds(found).items():
        lines += ["", f"{TITLES[kind]}: {len(each)}"]
        lines += [f"  {finding.file}: {finding.what}" for finding in each[:SHOWN]]
        lines += ["  …"] * (len(each) > SHOWN)
    return lines if found else [*lines, "", "nothing looks wrong"]


def _partners(scheme: Scheme) -> str:
    pairs = sum(k < partner for k, partner in enumerate(scheme.partners))
    if not scheme.flips:
        return "unknown: trained without mirror images"
    return f"{pairs} pairs of left and right"


def _unit(scheme: Scheme) -> str:
    if scheme.eyes is None:
        return "the diagonal of the box, since no outer eye corners are known"
    left, right = (scheme.names()[k] for k in scheme.eyes)
    return f"the distance of {left} and {right}"


def printable_lines(lines: list[str]) -> str:
    return "\n".join(map(printable, lines))


def write_list(path: Path, found: list[Finding]) -> None:
    """All findings: kind, file, what."""
    files.write_csv(path, ["kind", "file", "what"], ([each.kind, each.file, each.what] for each in found))


def write_yaml(folder: Path, text: str) -> Path:
    """`keypoints.yaml` in the folder. Raises `UserError` where there is one, and for an archive."""
    path = folder / "keypoints.yaml"
    if not folder.is_dir():
        raise UserError(f"{folder} is an archive: put keypoints.yaml into it")
    if path.exists():
        raise UserError(f"{path} is there already: remove it first")
    with files.whole(path) as part:
        part.write_text(text, encoding="utf-8")
    return path


def arguments(prog: str) -> argparse.ArgumentParser:
    from keypoints.datasets.formats import FORMATS

    parser = argparse.ArgumentParser(prog=prog, description=errors.summary(__doc__))
    parser.add_argument(
        "folder", type=Path, metavar="FOLDER", help="a folder, zip or tar of annotated pictures"
    )
    parser.add_argument("--format", choices=FORMATS, help="where annotations of several formats are there")
    parser.add_argument("--out", type=Path, default=OUT, help="folder for pictures and list (inspection)")
    parser.add_argument(
        "--yaml", action="store_true", help="write the proposed keypoints.yaml into the folder"
    )
    return parser


if __name__ == "__main__":
    command(prog="python -m keypoints.inspection")
