"""Points on your own photographs.

    keypoints photo.jpg                   # draws them: predictions/photo_points.png
    keypoints --json folder > faces.jsonl
    keypoints --format coco --out labels folder
    cat photo.jpg | keypoints --json -

`python -m keypoints.predict` is the same. A photograph that cannot be read is one line on standard error;
the others go on, and the exit status is 1 at the end. Without --json, --csv, --format and --out, annotated
pictures go to predictions/.
"""

from __future__ import annotations

import argparse
import mimetypes
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from keypoints import errors
from keypoints.errors import UserError
from keypoints.predict import photographs
from keypoints.predict.photographs import OUT, STDIN
from keypoints.system import parallel

if TYPE_CHECKING:
    from PIL import Image

    from keypoints.landmarks import Scheme
    from keypoints.predict.box_lists import BoxList
    from keypoints.predict.faces.face import Face
    from keypoints.predict.predictor import Predictor
    from keypoints.predict.writers import Writer


def command(argv: Sequence[str] | None = None, prog: str = "keypoints predict") -> None:
    errors.run(lambda: main(arguments(prog).parse_args(argv)))


def main(args: argparse.Namespace) -> None:
    from keypoints.predict import box_lists

    if args.video:
        refuse(args, "--video", "photos", "box", "boxes", "chips", "looks")
    if args.chips:
        refuse(args, "--chips", "overlay")
    if args.csv:
        check_table(args.csv)
    names = [] if args.video else photographs.find(args.photos, args.out or OUT)
    if args.format:
        check_format(args, names)
        names = photographs.each_once(names)
    boxes = box_lists.read(args.boxes) if args.boxes else None
    if args.box:
        boxes = given_box(args.box, names)

    from keypoints.predict.predictor import Predictor

    predictor = Predictor(
        args.part,
        args.weights,
        args.detector,
        args.detector_model,
        args.min_score,
        args.device,
        args.tta,
        threads=1 if len(names) > 1 else None,
        looks=1 if args.looks is None else args.looks,
    )
    tables_only = (args.json or args.csv) and not args.format and args.chips is None
    out = args.out or (None if tables_only else OUT)
    if args.video:
        annotate_film(predictor, args, out)
    else:
        predict_all(predictor, names, boxes, args, out)


def refuse(args: argparse.Namespace, option: str, *others: str) -> None:
    """Raise `UserError` if one of the `others` was given together with an option that excludes them."""
    for name in others:
        if getattr(args, name):
            what = "photographs" if name == "photos" else f"--{name}"
            raise UserError(f"{option} has no use for {what}: leave one of them out")


def check_table(path: Path) -> None:
    """Raise `UserError` for a photograph, which is what follows --csv where the table is forgotten."""
    from keypoints.pictures.images import ENDINGS

    if path == Path(STDIN):
        raise UserError("--csv names a file, and - is none: take --csv /dev/stdout, or --json")
    if path.is_dir() or path.suffix.lower() in ENDINGS:
        raise UserError(f"--csv {path}: this is no table: name one before it, as --csv faces.csv {path}")


def check_format(args: argparse.Namespace, names: list[str]) -> None:
    """Raise `UserError` for options and inputs that --format excludes."""
    from keypoints.predict.writers import ANNOTATIONS

    refuse(args, "--format", "overlay", "chips")
    if args.format in ANNOTATIONS and (args.video or STDIN in names):
        what = "a film" if args.video else "standard input"
        raise UserError(f"--format {args.format} names files, and {what} is none: take json or csv")


def open_writers(
    args: argparse.Namespace,
    scheme: Scheme,
    stack: ExitStack,
    out: Path | None,
    names: Sequence[str] = (),
    facts: Sequence[str] = (),
) -> list[Writer]:
    """The writers of --json, --csv and --format; files appear when the stack ends. Raises `UserError`."""
    from keypoints.predict import writers
    from keypoints.predict.writers.album import album_of

    if args.json and sys.stdout is None:
        raise UserError("--json: standard output is closed")
    opened: list[Writer] = [writers.Jsonl(sys.stdout)] if args.json else []
    if args.csv:
        opened.append(stack.enter_context(writers.Csv(args.csv, scheme, facts)))
    if out and args.format in writers.TABLES:
        opened.append(stack.enter_context(writers.open_table(args.format, out, scheme, facts)))
    elif out and args.format:
        album = album_of(args.photos, names)
        opened.append(stack.enter_context(writers.open_annotations(args.format, out, scheme, album)))
    return opened


def annotate_film(predictor: Predictor, args: argparse.Namespace, out: Path | None) -> None:
    """Write the faces of all frames, each with its number."""
    from keypoints.predict.films import video

    source = video.Source(args.video)
    with ExitStack() as stack:
        writers = open_writers(args, predictor.scheme, stack, out, facts=video.FACTS)
        film = None
        if out and not args.format:
            film = stack.enter_context(video.Film(out, source, predictor.scheme, args.overlay))
        video.annotate(predictor, source, writers, film)
    if out:
        print(film.path if film else out, file=sys.stderr)


def given_box(text: str, names: list[str]) -> BoxList:
    """The same box for every photograph. Raises `UserError`."""
    from keypoints.predict import box_lists

    found = box_lists.BoxList()
    try:
        box = box_lists.parse_box(text.split(","), "--box")
    except ValueError as error:
        raise UserError(str(error)) from None
    for name in set(names):
        found.add(name, box)
    return found


def predict_all(
    predictor: Predictor,
    names: list[str],
    boxes: BoxList | None,
    args: argparse.Namespace,
    out: Path | None,
) -> None:
    """Write the faces of all photographs; exits with status 1 if one cannot be read or written."""
    from keypoints.predict.writers import Chips, Pictures, Unwritable

    broken = faceless = 0
    with ExitStack() as stack:
        writers = open_writers(args, predictor.scheme, stack, out, names)
        if out and args.chips is not None:
            writers.append(Chips(out, predictor.scheme, args.chips, names))
        elif out and not args.format:
            writers.append(Pictures(out, predictor.scheme, args.overlay, names))
        for name, image, faces in answers(predictor, names, boxes):
            if image is None:
                broken += 1
                continue
            faceless += not faces
            try:
                for writer in writers:
                    writer.write(name, image, faces)
            except Unwritable as error:
                broken += 1
                errors.report(str(error))
            except (OSError, UnicodeError) as error:
                if not errors.is_about_name(error):
                    raise
                broken += 1
                errors.report(f"{name}: no file can be called after it: rename it")
    if out and broken < len(names):
        done = "annotated" if args.chips is None else "with the faces cut out"
        without = f"; {faceless} without a face" if faceless else ""
        print(f"{len(names) - broken} {done} in {out}{without}", file=sys.stderr)
    if broken:
        sys.exit(1)


def answers(
    predictor: Predictor, names: list[str], boxes: BoxList | None
) -> Iterator[tuple[str, Image.Image | None, list[Face]]]:
    """Each photograph with its faces, in the order of the names; None instead of one that cannot be read.

    Several are worked on in parallel, one on each core.
    """
    from tqdm import tqdm

    from keypoints.pictures import images, limits

    def look(read: tuple[str, bytes | Exception]) -> tuple[Image.Image, list[Face]]:
        name, data = read
        if isinstance(data, Exception):
            raise data
        image = images.open_picture(data)
        given = boxes.find(name) if boxes else None
        if given and boxes and boxes.stored:
            given = [images.turn_box(box, images.orientation(data), image.size) for box in given]
        return image, predictor(image, given)

    found = parallel.in_order(look, map(read, names), count_pixels, limits.MAX_PIXELS)
    with tqdm(total=len(names), unit="photo", disable=None, leave=False) as bar:
        for name, answer in zip(names, found, strict=True):
            try:
                yield name, *answer.result()
            except (OSError, ValueError) as error:
                why = getattr(error, "strerror", None) or error
                bar.write(errors.printable(f"error: {name}: {why}: left out"), file=sys.stderr)
                yield name, None, []
            bar.update()


def read(name: str) -> tuple[str, bytes | Exception]:
    """A photograph's name, and its bytes or the error; to be called once, since a pipe can be read once."""
    from keypoints.pictures import images

    try:
        if (mimetypes.guess_type(name)[0] or "").startswith("video/"):
            raise ValueError("a film is given by --video")
        if name == STDIN and sys.stdin is None:
            raise ValueError("standard input is closed")
        return name, images.read(sys.stdin.buffer if name == STDIN else name)
    except (OSError, ValueError) as error:
        return name, error


def count_pixels(photo: tuple[str, bytes | Exception]) -> int:
    """The pixels of a photograph by its header; 0 for one that cannot be read."""
    from keypoints.pictures import images

    return images.count_pixels(photo[1]) if isinstance(photo[1], bytes) else 0


def arguments(prog: str) -> argparse.ArgumentParser:
    from keypoints.predict.detectors import DEFAULT, DETECTORS
    from keypoints.predict.writers import FORMATS

    parser = argparse.ArgumentParser(prog=prog, description=errors.summary(__doc__))
    parser.add_argument("photos", nargs="*", metavar="PHOTO", help="files, folders, or - for standard input")
    parser.add_argument("--part", default="landmarks", help="landmarks (68 points), face (58) or nose (1)")
    parser.add_argument("--weights", type=Path, help="your own instead: models/<part>.pt, or an ONNX file")
    parser.add_argument("--detector", help=f"finds the faces: {', '.join(DETECTORS)}; by default {DEFAULT}")
    parser.add_argument("--detector-model", type=Path, metavar="FILE", help="the ONNX file that yunet needs")
    parser.add_argument("--min-score", type=float, default=0.0, help="0…1: leave out less certain faces")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--box", metavar="L,T,W,H", help="the face's box, as dlib draws it: no detector")
    where.add_argument("--boxes", type=Path, metavar="FILE", help='lines {"file", "box"}, or dlib\'s XML')
    parser.add_argument("--json", action="store_true", help="one object per face and line on standard output")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="one line per face")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="annotated pictures, or --format's files")
    parser.add_argument(
        "--format", choices=FORMATS, help="files in --out that other tools read, no pictures: docs/formats.md"
    )
    parser.add_argument("--overlay", help="glasses, moustache, hat or mask, drawn on the faces; or pose")
    parser.add_argument(
        "--chips", type=int, metavar="SIZE", help="aligned faces of so many pixels (112) instead of pictures"
    )
    parser.add_argument("--video", metavar="FILE|CAMERA", help="a film, or a camera's number, instead")
    parser.add_argument("--device", help="cpu or cuda; by default a GPU if there is one")
    parser.add_argument(
        "--tta",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="look at the mirrored face too: finer points, fewer false faces; --no-tta is faster",
    )
    parser.add_argument(
        "--looks", type=int, metavar="N", help="the mean of so many at each face: finer points for more time"
    )
    return parser


if __name__ == "__main__":
    command(prog="python -m keypoints.predict")
