"""Draws the demo archives, in exactly the layouts of the official ones, so that one parser reads both.

    imm       tar, `imm_face_db/NN-Vg.jpg` and `.asf`: person, view, gender
    ibug      tar, dlib's XML lists and JPEGs, each with its mirrored twin
    youtube   zip, CSV lists and frames that are PNG under a `.jpg` name
    own       tar, one COCO list and JPEGs: what a person's own data may look like

The same seed gives the same bytes: no times, no owners, nothing that depends on the build of a compressor.
"""

from __future__ import annotations

import csv
import io
import math
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from keypoints import files
from keypoints.errors import UserError
from keypoints.landmarks import IBUG, IMM
from keypoints.synthetic import coco, wild
from keypoints.synthetic.drawing import Drawing, Expression, Person, Pose, Scene, draw
from keypoints.system import parallel

Member = tuple[str, bytes]
IMM_VIEWS, IMM_PEOPLE, IMM_TRAIN, IMM_GREY = 6, 40, 32, (2, 3, 4)
IBUG_ROOT = "ibug_300W_large_face_landmark_dataset"
IBUG_FOLDERS = (  # what dlib mixes, about as often as there
    *("helen/trainset", "lfpw/trainset", "afw", "helen/trainset"),
    *("helen/testset", "lfpw/testset", "ibug"),
)
TEST_EVERY = 5  # one photograph in five goes into the test list
YOUTUBE_ROOT = "P1_Facial_Keypoints-master/data"
YOUTUBE_FRAMES = 4  # per person, of the train list
GIVEN = (
    "Ada",
    "Bela",
    "Cyra",
    "Dov",
    "Enno",
    "Fay",
    "Goran",
    "Hilde",
    "Ilan",
    "Juna",
    "Kofi",
    "Lene",
    "Milo",
)
FAMILY = (
    "Adler",
    "Brook",
    "Cobalt",
    "Dahl",
    "Ember",
    "Fenn",
    "Garnet",
    "Harrow",
    "Iver",
    "Juniper",
    "Kestrel",
)


def write(dataset: str, path: Path, faces: int, seed: int) -> None:
    """Draw the archive of `dataset` ("imm", "ibug", "youtube" or "own") into the file `path`.

    `faces` counts distinct faces, without iBUG's mirrored twins. Takes about 10 ms per face, and
    more for IMM's large pictures. Raises `UserError` for an unknown data set or an impossible number.
    """
    if dataset not in _MEMBERS:
        raise UserError(f"no synthetic data set {dataset!r}: choose one of {', '.join(_MEMBERS)}")
    most = IMM_VIEWS * IMM_PEOPLE if dataset == "imm" else 100_000
    if not 1 <= faces <= most:
        raise UserError(f"profile.faces.{dataset} = {faces}: choose a number from 1 to {most}")
    members = tqdm(_MEMBERS[dataset](faces, seed), desc=f"drawing {dataset}", unit=" files")
    (_save_zip if dataset == "youtube" else files.save_tar)(path, members)


def _save_zip(path: Path, members: Iterable[Member]) -> None:
    with files.whole(path) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members:
            info = zipfile.ZipInfo(name)  # dated 1980
            info.create_system, info.external_attr = 3, 0o644 << 16
            archive.writestr(info, content)


def _imm(faces: int, seed: int) -> Iterator[Member]:
    people = math.ceil(faces / IMM_VIEWS)
    # The protocol trains on 1-32 and validates on 33-40: both, 4 to 1, however few are asked for.
    last = max(1, round(people / 5)) if people > 1 else 0
    numbers = [*range(1, people - last + 1), *range(IMM_TRAIN + 1, IMM_TRAIN + last + 1)]

    def members(k: int) -> list[Member]:
        """The two files of one face."""
        number, view = numbers[k // IMM_VIEWS], k % IMM_VIEWS + 1
        person = Person.random(np.random.default_rng([seed, 1, number]))
        gender = "f" if person.style == "long" else "m"
        drawing = _imm_view(person, view, np.random.default_rng([seed, 1, number, view]))
        name = f"{number:02d}-{view}{gender}"
        image = drawing.image.convert("L").convert("RGB") if number in IMM_GREY else drawing.image
        points = asf(drawing.imm, image.size, f"{name}.jpg").encode("ascii")
        picture = wild.encode(image, "JPEG", quality=90)
        return [(f"imm_face_db/{name}.asf", points), (f"imm_face_db/{name}.jpg", picture)]

    for drawn in parallel.in_order(members, range(faces)):  # large pictures: by all cores
        yield from drawn.result()


def _imm_view(person: Person, view: int, rng: np.random.Generator) -> Drawing:
    """One of six: neutral, smile, turned to the person's right, left, light from the side, joker."""
    yaw = {3: -30, 4: 30}.get(view, 0) + wild.between(rng, -3, 3)
    pitch, roll, light, expression = wild.between(rng, -3, 3), wild.between(rng, -3, 3), 0.2, Expression()
    if view == 2:
        expression = Expression(mouth=wild.between(rng, 0.05, 0.35), smile=wild.between(rng, 0.7, 1))
    elif view == 5:
        light = 0.95
    elif view == 6:
        expression = wild.expression(rng)
        yaw, pitch, roll = (
            yaw + wild.between(rng, -15, 15),
            pitch + wild.between(rng, -8, 8),
            wild.between(rng, -15, 15),
        )
    x, y, scale = wild.between(rng, 305, 340), wild.between(rng, 262, 282), wild.between(rng, 118, 134)
    pose = Pose(x, y, scale, yaw, pitch, roll)
    scene = Scene((32, 84, 78), 0, light, wild.between(rng, 0.9, 1), 4, int(rng.integers(2**31)))
    return draw(person, expression, pose, scene, (640, 480))


def asf(points: np.ndarray, size: tuple[int, int], image: str) -> str:
    """IMM's shape file: points (58, 2) in pixels of the image file `image` of `size`."""
    lines = [f"# {image}: drawn by this project", "#", "# number of model points", "#", str(len(points)), ""]
    lines += ["#", "# model points", "#"]
    lines += ["# format: <path#> <type> <x rel.> <y rel.> <point#> <connects from> <connects to>", "#"]
    for path, outline in enumerate(IMM.outlines):
        closed = outline[0] == outline[-1]
        run = outline[:-1] if closed else outline
        for i, point in enumerate(run):
            before = run[i - 1] if i or closed else point
            after = run[(i + 1) % len(run)] if closed else run[min(i + 1, len(run) - 1)]
            x, y = points[point, 0] / size[0], points[point, 1] / size[1]
            kind = 0 if closed else 4
            lines.append(f"{path} \t{kind} \t{x:.8f} \t{y:.8f} \t{point} \t{before} \t{after}")
    return "\n".join([*lines, "", "#", "# host image", "#", image, ""])


def _ibug(faces: int, seed: int) -> Iterator[Member]:
    lists: dict[str, list[str]] = {"train": [], "test": [], "test_parsed": []}
    drawn = photograph = 0
    while drawn < faces:
        folder = IBUG_FOLDERS[photograph % len(IBUG_FOLDERS)]
        which = "test" if photograph % TEST_EVERY == 1 else "train"
        lfpw = folder.startswith("lfpw")
        for face in range(1 if lfpw or photograph % 4 else min(2, faces - drawn)):
            stem = f"image_{photograph:04d}" if lfpw else f"{271828 + 31 * photograph}_{face + 1}"
            drawing, box = wild.face(np.random.default_rng([seed, 2, photograph, face]))
            image, points = drawing.image, drawing.ibug.round(2)
            for twin in ("", "_mirror"):
                if twin:
                    image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
                    points = IBUG.mirror(points, image.width)
                    box = (image.width - box[0] - box[2], *box[1:])
                name = f"{folder}/{stem}{twin}.jpg"
                yield f"{IBUG_ROOT}/{name}", wild.encode(image, "JPEG", quality=90)
                lists[which].append(_xml_image(name, image.size, box, points))
                if which == "test":  # the course's Kaggle list: the same boxes, no points
                    lists["test_parsed"].append(_xml_image(name, image.size, box, points[:0]))
            drawn += 1
        photograph += 1
    for which, images in lists.items():
        head = "<?xml version='1.0' encoding='ISO-8859-1'?>\n<dataset>\n<name>drawn faces</name>\n"
        head += "<comment>Drawn by this project in the layout of the iBUG 300-W data.</comment>\n<images>\n"
        text = head + "".join(images) + "</images>\n</dataset>\n"
        yield f"{IBUG_ROOT}/labels_ibug_300W_{which}.xml", text.encode("ascii")


def _xml_image(name: str, size: tuple[int, int], box: tuple[int, ...], points: np.ndarray) -> str:
    left, top, width, height = box
    parts = "".join(
        f"      <part name='{k:02d}' x='{x:.2f}' y='{y:.2f}'/>\n" for k, (x, y) in enumerate(points)
    )
    head = f"  <image file='{name}' width='{size[0]}' height='{size[1]}'>\n"
    head += f"    <box top='{top}' left='{left}' width='{width}' height='{height}'>\n"
    return f"{head}{parts}    </box>\n  </image>\n"


def _youtube(faces: int, seed: int) -> Iterator[Member]:
    """Frame by frame; every fifth goes into the test list, and its person is in the train list too."""
    lists: dict[str, list[list[str]]] = {"training": [], "test": []}
    for k in range(faces):
        number, frame = divmod(k, YOUTUBE_FRAMES + 1)
        test = frame == 1
        # Every other person's test frame has the very name of one of the train list's.
        shown = (0 if number % 2 else 7) if test else frame
        name = f"{_name(number)}_{10 * shown + number % 10:02d}.jpg"
        person = Person.random(np.random.default_rng([seed, 3, number]))
        drawing = _frame(person, np.random.default_rng([seed, 3, number, frame]))
        folder = "test" if test else "training"
        # Huffman codes alone: what deflate makes of matches differs between builds of zlib.
        image = wild.encode(drawing.image.convert("RGBA"), "PNG", compress_type=zlib.Z_HUFFMAN_ONLY)
        yield f"{YOUTUBE_ROOT}/{folder}/{name}", image
        lists[folder].append([name, *(f"{v:.1f}" for v in drawing.ibug.ravel())])
    for folder, rows in lists.items():
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([["", *range(2 * IBUG.points)], *rows])
        yield f"{YOUTUBE_ROOT}/{folder}_frames_keypoints.csv", text.getvalue().encode("ascii")


def _name(number: int) -> str:
    """`Given_Family`, of which 143 are different; later ones are `McFamily`, `McMcFamily` …."""
    again, rest = divmod(number, len(GIVEN) * len(FAMILY))
    return f"{GIVEN[rest % len(GIVEN)]}_{'Mc' * again}{FAMILY[rest % len(FAMILY)]}"


def _frame(person: Person, rng: np.random.Generator) -> Drawing:
    width, height = (int(side) for side in rng.integers(90, 221, 2))
    height += width == height  # never square
    scale = min(width, height) * wild.between(rng, 0.3, 0.36)  # the face takes half of the picture
    pose = Pose(
        width / 2 + scale * wild.between(rng, -0.1, 0.1),
        height / 2 + scale * wild.between(rng, -0.1, 0.1),
        scale,
        yaw=wild.between(rng, -30, 30),
        pitch=wild.between(rng, -12, 12),
        roll=wild.between(rng, -12, 12),
    )
    return draw(person, wild.expression(rng), pose, wild.scene(rng), (width, height))


_MEMBERS = {"imm": _imm, "ibug": _ibug, "youtube": _youtube, "own": coco.members}
