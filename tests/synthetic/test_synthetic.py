"""The drawn faces: truth and picture agree; archives are seeded and laid out as the official ones."""

from __future__ import annotations

import csv
import io
import re
import tarfile
import zipfile
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from keypoints.errors import Faults, UserError
from keypoints.landmarks import IBUG, IMM
from keypoints.synthetic import write
from keypoints.synthetic.drawing import Scene, draw
from keypoints.synthetic.head import Expression, Head, Person, Pose

PLAIN = Scene(shapes=0, noise=0, light=0.0)
FRONT = Pose(110, 120, 70)
POSES = st.builds(
    Pose,
    x=st.just(100.0),
    y=st.just(100.0),
    scale=st.floats(40, 90),
    yaw=st.floats(-40, 40),
    pitch=st.floats(-15, 15),
    roll=st.floats(-25, 25),
)
EXPRESSIONS = st.builds(
    Expression, mouth=st.floats(0, 1), smile=st.floats(-0.4, 1), brows=st.floats(-1, 1), eyes=st.floats(0, 1)
)
PEOPLE = st.integers(0, 999).map(lambda seed: Person.random(np.random.default_rng(seed)))


def members(path: Path) -> dict[str, bytes]:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    with tarfile.open(path, "r:") as archive:
        return {info.name: archive.extractfile(info).read() for info in archive if info.isfile()}


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, bytes]]:
    folder = tmp_path_factory.mktemp("archives")
    for dataset, faces in (("imm", 26), ("ibug", 16), ("youtube", 20)):
        write(dataset, folder / dataset, faces, 7)
    return {path.name: members(path) for path in folder.iterdir()}


def colour(image: Image.Image, point: np.ndarray) -> tuple[int, ...]:
    return image.getpixel(tuple(int(v) for v in np.rint(point)))


# One face --------------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(PEOPLE, EXPRESSIONS, POSES)
def test_a_moved_head_moves_its_points_by_just_that(person: Person, face: Expression, pose: Pose) -> None:
    here, there = Head(person, face, pose), Head(person, face, replace(pose, x=pose.x + 0.3, y=pose.y - 2.7))
    assert np.allclose(there.ibug - here.ibug, [0.3, -2.7])
    assert np.allclose(there.imm - here.imm, [0.3, -2.7])


@settings(max_examples=25, deadline=None)
@given(PEOPLE, EXPRESSIONS, POSES)
def test_a_mirrored_pose_mirrors_the_points(person: Person, face: Expression, pose: Pose) -> None:
    here = Head(person, face, pose)
    there = Head(person, face, replace(pose, x=-pose.x, yaw=-pose.yaw, roll=-pose.roll))
    for ours, theirs, scheme in ((here.ibug, there.ibug, IBUG), (here.imm, there.imm, IMM)):
        assert np.allclose(ours, theirs[list(scheme.partners)] * [-1, 1])


@settings(max_examples=25, deadline=None)
@given(PEOPLE, POSES)
def test_order_of_the_points_within_a_face(person: Person, pose: Pose) -> None:
    head = Head(person, Expression(), replace(pose, roll=0.0))
    p, q = head.ibug, head.imm
    assert p[27, 1] < p[30, 1] < p[51, 1] < p[57, 1] < p[8, 1]  # bridge, tip, lips, chin
    assert (p[19, 1] < p[37, 1]) and (p[24, 1] < p[44, 1])  # brows above lids
    slack = 0.02 * pose.scale  # turned and raised, a flat chin's lowest point is beside its middle
    for jaw, chin in ((p[:17, 1], 8), (q[:13, 1], 6)):  # down to the chin and up again, whatever the yaw
        assert (np.diff(jaw[: chin + 1]) > -slack).all() and (np.diff(jaw[chin:]) < slack).all()
    inside = p[17:]
    assert (inside[:, 0] > p[:17, 0].min() - slack).all() and (inside[:, 0] < p[:17, 0].max() + slack).all()


def test_shared_points_of_the_schemes_agree() -> None:
    head = Head(Person(), Expression(), FRONT)
    pairs = {13: 45, 17: 42, 21: 36, 25: 39, 39: 48, 43: 54, 52: 33, 6: 8}
    for imm, ibug in pairs.items():
        assert np.allclose(head.imm[imm], head.ibug[ibug])


def test_twice_as_large_by_the_half_pixel_rule() -> None:
    large = replace(FRONT, x=2 * FRONT.x + 0.5, y=2 * FRONT.y + 0.5, scale=2 * FRONT.scale)
    one = draw(Person(), Expression(), FRONT, PLAIN, (220, 240))
    two = draw(Person(), Expression(), large, PLAIN, (440, 480))
    assert np.allclose(two.ibug, (one.ibug + 0.5) * 2 - 0.5)
    small = np.asarray(two.image.reduce(2), np.float64)
    difference = np.abs(small - np.asarray(one.image, np.float64))
    assert difference.mean() < 1.5  # strokes have whole widths, nothing else differs


def test_the_picture_shows_what_the_points_say() -> None:
    person = Person(skin=(240, 200, 170), iris=(40, 40, 200), hair=(20, 20, 20), style="short")
    drawing = draw(person, Expression(mouth=0.8), FRONT, PLAIN, (220, 240))
    p, image = drawing.ibug, drawing.image
    for outer, inner in ((36, 39), (45, 42)):
        middle = p[outer] + (p[inner] - p[outer]) * 0.53
        assert max(colour(image, middle)) < 130  # the pupil
    assert max(colour(image, p[19] + [0, 2])) < 140  # the brow
    mouth = (p[62] + 2 * p[66]) / 3
    red, green, blue = colour(image, mouth)
    assert red > 1.3 * green and red > 1.3 * blue
    inside, outside = p[8] - [0, 4], p[8] + [0, 4]  # the chin's edge parts light from shadow
    assert sum(colour(image, inside)) > sum(colour(image, outside)) + 30


@pytest.mark.parametrize("yaw", [0.0, 25.0])
def test_a_mirrored_pose_mirrors_the_picture(yaw: float) -> None:
    """Fails for a quarter of a pixel between points and picture, which a mirror makes a half."""
    pose = replace(FRONT, x=109.3, yaw=yaw, roll=5.0)
    mirrored = replace(pose, x=219 - pose.x, yaw=-yaw, roll=-5.0)
    here, there = (
        np.asarray(draw(Person(), Expression(), p, PLAIN, (220, 240)).image) for p in (pose, mirrored)
    )
    difference = np.abs(here.astype(np.int16) - there[:, ::-1])
    assert (difference > 24).mean() < 0.002  # the glint in the eyes stays on one side


def test_the_eye_lies_between_its_points() -> None:
    """The white of an eye, found in the picture, has its middle where the points have theirs."""
    person = Person(skin=(200, 60, 60), iris=(230, 230, 230))
    for shift in (0.0, 0.25, 0.5, 0.75):
        drawing = draw(person, Expression(), replace(FRONT, y=FRONT.y + shift), PLAIN, (220, 240))
        eye = drawing.imm[21:29]
        low, high = np.floor(eye.min(0)).astype(int) - 2, np.ceil(eye.max(0)).astype(int) + 3
        pixels = np.asarray(drawing.image, np.float64)[low[1] : high[1], low[0] : high[0]]
        white = np.clip(pixels[..., 2] / pixels[..., 0] - 0.55, 0, None)
        columns, rows = white.sum(0), white.sum(1)
        middle = [(v * np.arange(len(v))).sum() / v.sum() for v in (columns, rows)] + low
        assert np.abs(middle - eye.mean(0)).max() < 1.0


@pytest.mark.parametrize("place", [(-400, 50), (10, 900), (0, 0), (119, 60)])
def test_a_head_may_leave_the_picture(place: tuple[float, float]) -> None:
    drawing = draw(
        Person(glasses=True), Expression(), replace(FRONT, x=place[0], y=place[1]), PLAIN, (120, 90)
    )
    assert drawing.image.size == (120, 90)
    assert np.allclose(
        drawing.ibug, Head(Person(), Expression(), FRONT).ibug + np.array(place) - [FRONT.x, FRONT.y]
    )


# Archives --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dataset", ["imm", "ibug", "youtube"])
def test_seeded(dataset: str, tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write(dataset, tmp_path / name, 3, seed)
    a, b, c = ((tmp_path / name).read_bytes() for name in "abc")
    assert a == b and a != c
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "c"]  # no half-written file


@pytest.mark.parametrize(("dataset", "faces"), [("imm", 0), ("imm", 241), ("ibug", -1), ("lfw", 5)])
def test_impossible_wishes(dataset: str, faces: int, tmp_path: Path) -> None:
    with pytest.raises(UserError):
        write(dataset, tmp_path / "x", faces, 1)
    assert not list(tmp_path.iterdir())


def test_imm(archives: dict[str, dict[str, bytes]]) -> None:
    files = archives["imm"]
    shapes = [name for name in files if name.endswith(".asf")]
    assert len(shapes) == 26 and len(files) == 52
    assert all(re.fullmatch(r"imm_face_db/\d\d-[1-6][mf]\.(asf|jpg)", name) for name in files)
    assert {name[12:14] for name in shapes} == {"01", "02", "03", "04", "33"}
    for name in shapes:
        lines = [line for line in files[name].decode().splitlines() if line and not line.startswith("#")]
        assert lines[0] == "58" and lines[-1] == name[12:].replace(".asf", ".jpg")
        rows = [line.split() for line in lines[1:-1]]
        assert [int(row[4]) for row in rows] == list(range(58))
        assert all(0 < float(v) < 1 for row in rows for v in row[2:4])
        links = {(int(row[4]), int(row[6])) for row in rows if row[4] != row[6]}
        assert links == {pair for outline in IMM.outlines for pair in pairwise(outline)}
        image = Image.open(io.BytesIO(files[name.replace(".asf", ".jpg")]))
        assert image.size == (640, 480) and image.format == "JPEG"
        pixels = np.asarray(image.convert("RGB"), np.int16)
        assert (np.abs(pixels - pixels[..., :1]).max() < 6) == (name[12:14] in ("02", "03", "04"))


def test_imm_keeps_both_sides_of_the_protocol(tmp_path: Path) -> None:
    write("imm", tmp_path / "x", 12, 3)
    assert {name[12:14] for name in members(tmp_path / "x")} == {"01", "33"}


def test_ibug(archives: dict[str, dict[str, bytes]]) -> None:
    files = archives["ibug"]
    images = {name.split("/", 1)[1] for name in files if name.endswith(".jpg")}
    listed = {}
    for which in ("train", "test"):
        root = ElementTree.fromstring(
            files[f"ibug_300W_large_face_landmark_dataset/labels_ibug_300W_{which}.xml"]
        )
        listed[which] = {image.get("file"): image for image in root.find("images")}
        for image in listed[which].values():
            assert [part.get("name") for part in image.iter("part")] == [f"{k:02d}" for k in range(68)]
    assert set(listed["train"]) | set(listed["test"]) == images and len(images) == 2 * 16
    assert not set(listed["train"]) & set(listed["test"])
    assert 0.6 < len(listed["train"]) / len(images) < 0.95
    assert any(name.endswith("_2.jpg") for name in images)
    text = files["ibug_300W_large_face_landmark_dataset/labels_ibug_300W_test_parsed.xml"].decode()
    assert re.findall("image file='([^']+)'", text) == list(listed["test"]) and "<part" not in text
    stems = {re.sub(r"(?<=\d{6})_\d$", "", n.removesuffix(".jpg").removesuffix("_mirror")) for n in images}
    sides = {which: {s for s in stems if any(n.startswith(s) for n in listed[which])} for which in listed}
    assert not sides["train"] & sides["test"]  # a photograph, its faces and twins stay together


def test_ibug_twins_are_mirrors(archives: dict[str, dict[str, bytes]]) -> None:
    files, root = archives["ibug"], "ibug_300W_large_face_landmark_dataset/"
    found = ElementTree.fromstring(files[root + "labels_ibug_300W_train.xml"]).find("images")
    faces = {image.get("file"): image for image in found}
    for name, image in faces.items():
        if "_mirror" in name:
            continue
        twin = faces[name.replace(".jpg", "_mirror.jpg")]
        width = int(image.get("width"))
        ours, theirs = (
            np.array([(float(part.get("x")), float(part.get("y"))) for part in face.iter("part")])
            for face in (image, twin)
        )
        assert np.allclose(theirs, (ours * [-1, 1] + [width - 1, 0])[list(IBUG.partners)], atol=1e-6)
        box, mirrored = image.find("box").attrib, twin.find("box").attrib
        assert int(box["left"]) + int(box["width"]) + int(mirrored["left"]) == width
        assert box["top"] == mirrored["top"]
        here, there = (
            np.asarray(Image.open(io.BytesIO(files[root + face.get("file")])), np.int16)
            for face in (image, twin)
        )
        assert np.abs(here - there[:, ::-1]).mean() < 4  # JPEG coded each for itself
        assert here.shape[1] == width


def test_youtube(archives: dict[str, dict[str, bytes]]) -> None:
    files, root = archives["youtube"], "P1_Facial_Keypoints-master/data/"
    people, names = {}, {}
    for folder in ("training", "test"):
        text = files[f"{root}{folder}_frames_keypoints.csv"].decode()
        header, *rows = csv.reader(io.StringIO(text))
        assert header == ["", *map(str, range(136))]
        names[folder] = [row[0] for row in rows]
        images = {name for name in files if name.startswith(f"{root}{folder}/")}
        assert images == {f"{root}{folder}/{name}" for name in names[folder]}
        for name, *values in rows:
            assert re.fullmatch(r"[A-Za-z]+_[A-Za-z_]*[A-Za-z]_\d\d\.jpg", name)
            assert all(re.fullmatch(r"-?\d+\.\d", v) for v in values)
            with Image.open(io.BytesIO(files[f"{root}{folder}/{name}"])) as image:
                assert (image.format, image.mode) == ("PNG", "RGBA")
                assert image.width != image.height and min(image.size) >= 90 and max(image.size) <= 221
                x, y = np.array(values, np.float64).reshape(68, 2).T
                assert -0.1 * image.width < x.min() and x.max() < 1.1 * image.width
                assert -0.1 * image.height < y.min() and y.max() < 1.1 * image.height
        people[folder] = {name[:-7] for name in names[folder]}
    assert people["test"] <= people["training"]
    assert set(names["test"]) & set(names["training"])  # a name may occur in both folders
    assert len(names["test"]) * 4 == len(names["training"])


def test_the_project_parses_what_it_draws(tmp_path: Path) -> None:
    from keypoints import datasets

    for dataset, faces, rows in (("imm", 6, 6), ("ibug", 5, 10), ("youtube", 5, 5)):
        write(dataset, tmp_path / dataset, faces, 5)
        table = datasets.get(dataset).parse(tmp_path / dataset, 1, Faults("archive", 0.0))
        assert len(table) == rows
        assert {len(points) for points in table["points"]} == {2 * (58 if dataset == "imm" else 68)}
