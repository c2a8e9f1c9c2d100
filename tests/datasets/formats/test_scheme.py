"""The scheme that follows from names, skeleton and keypoints.yaml."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keypoints.datasets import formats
from keypoints.datasets.face_table import Face
from keypoints.datasets.formats import Annotated, scheme
from keypoints.errors import UserError
from keypoints.landmarks import SCHEMES, Scheme
from tests.datasets.formats.test_coco import coco, folder


def annotated(names, skeleton=(), points=None) -> Annotated:
    points = points or tuple(float(k) for k in range(2 * len(names)))
    return Annotated(Path("own"), "coco", tuple(names), tuple(skeleton), [Face("a.jpg", (), points, "a", "")])


@pytest.mark.parametrize(
    "names, partners, flips",
    [
        (["left_eye", "right_eye", "nose"], (1, 0, 2), True),
        (["eye_r", "nose", "eye_l"], (2, 1, 0), True),
        (["LeftEye", "RightEye"], (1, 0), True),
        (["eyeLeft1", "eyeLeft2", "eyeRight1", "eyeRight2"], (2, 3, 0, 1), True),
        (["l-brow.0", "r-brow.0"], (1, 0), True),
        (["right_eye_right_corner", "left_eye_left_corner"], (1, 0), True),
        (["left_eye", "right_eye", "left_ear"], (0, 1, 2), False),
        (["point_0", "point_1"], (0, 1), False),
        (["nose"], (0,), True),
        (["left_eye"], (0,), False),
    ],
)
def test_partners_by_name(names, partners, flips):
    assert scheme.find_partners(names) == (partners, flips)


def test_regions_by_words():
    names = ["left_eyebrow", "left_eye", "near", "ear_l", "nostril", "upperLip", "chin", "tragus"]
    assert scheme.find_regions(names) == {
        "brows": ["left_eyebrow"],
        "eyes": ["left_eye"],
        "other": ["near", "tragus"],
        "ears": ["ear_l"],
        "nose": ["nostril"],
        "mouth": ["upperLip"],
        "jaw": ["chin"],
    }


def test_outer_corners_normalise_and_stand_by_the_picture():
    names = [
        "left_eye_outer_corner",
        "right_eye_outer_corner",
        "left_eye_inner_corner",
        "right_eye_inner_corner",
    ]
    seen = annotated(names, points=(30.0, 5, 10, 5, 25, 5, 15, 5))  # the person's left is the picture's right
    assert scheme.derive(seen).eyes == (1, 0)
    assert scheme.derive(annotated(["left_eye", "right_eye"])).eyes is None


@pytest.mark.parametrize("known", SCHEMES.values(), ids=SCHEMES)
def test_a_known_scheme_is_known_by_its_names(known):
    assert scheme.derive(annotated(known.names())) is known
    assert Scheme.from_dict(known.as_dict()) is known


pairs = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=20)


@given(pairs)
def test_outlines_draw_every_line_of_the_skeleton_once(skeleton):
    runs = scheme.trace(skeleton)
    drawn = [frozenset(edge) for edge in scheme.edges(runs)]
    assert len(drawn) == len(set(drawn))
    assert set(drawn) == {frozenset(edge) for edge in skeleton if edge[0] != edge[1]}
    assert scheme.trace(scheme.edges(runs)) == runs


@pytest.mark.parametrize("known", SCHEMES.values(), ids=SCHEMES)
def test_the_outlines_of_known_schemes_come_back(known):
    assert {frozenset(run) for run in scheme.trace(scheme.edges(known.outlines))} == {
        frozenset(run) for run in known.outlines
    }


names_of = st.lists(
    st.sampled_from(
        ["left_eye", "right_eye", "nose", "mouth_l", "mouth_r", "chin", "é: #", "null", "1e3", "- a"]
    ),
    min_size=1,
    unique=True,
)


@given(names_of, pairs)
def test_a_scheme_travels_as_plain_values(names, skeleton):
    made = scheme.derive(annotated(names, [(a % len(names), b % len(names)) for a, b in skeleton]))
    assert Scheme.from_dict(made.as_dict()) == made
    assert made.mirror(made.mirror([[(1.0, 2.0)] * len(names)], 9), 9).tolist() == [[[1.0, 2.0]] * len(names)]


@given(names_of, pairs)
def test_the_proposal_says_the_same(tmp_path_factory, names, skeleton):
    from keypoints.datasets.formats import documents, rules

    seen = annotated(names, [(a % len(names), b % len(names)) for a, b in skeleton])
    made = scheme.derive(seen)
    source = documents.Source(Path("own"))
    source.documents["keypoints.yaml"] = documents.Text(scheme.as_yaml(made).encode())
    read = rules.read(source)
    assert read.names == tuple(names)
    assert scheme.derive(replace(seen, rules=read)) == made


@pytest.mark.parametrize(
    "text, says",
    [
        ("names: [left_eye, chin, nose]", "no point is called 'chin'"),
        ("partners: [[left_eye, right_ear]]", "partners: no point is called 'right_ear'"),
        ("partners: [[left_eye, left_eye]]", "partners: two different names"),
        ("partners: [[left_eye, nose], [left_eye, right_eye]]", "partners: a point has two"),
        ("normalise: [nose]", "normalise: two different names"),
        ("normalise: nose", "normalise: names of points are needed as a list"),
        ("regions: {eyes: [left_eye]}", "regions: together they name every point once"),
        ("outlines: [[chin]]", "outlines: no point is called 'chin'"),
        ("outlines: [[left_eye, nose], []]", "outlines: a list of points is empty"),
        (
            "regions: {eyes: [left_eye, right_eye], nose: [nose], ears: []}",
            "regions: a list of points is empty",
        ),
        ("names: [left_eye, [right_eye]]", "names: names of points are needed as a list"),
        ("normalise: [left_eye, null]", "normalise: names of points are needed as a list"),
        ("outlines: &a [*a]", "aliases and types by name are not read"),
        ("a: " + 1000 * "[", "nested more than 20 deep"),
        ("names: [2020-13-45]", "keypoints.yaml: "),
        ("mirror: true", "mirror: unknown key"),
        ("flip: true", "flip: indices of points"),
        ("flip: [1, 2, 0]", "flip: it has no partner for each point"),
        ("flip: [1, 0]", "flip: it has no partner for each point"),
        ("flip: [1, 0, 2]\npartners: [[left_eye, right_eye]]", "flip says the same as partners"),
        ("- a", "keys with values"),
        ("a: [", "keypoints.yaml: "),
        ("names: !!python/object/apply:os.system [ls]", "aliases and types by name are not read"),
        ("", "keys with values"),
    ],
)
def test_rules_that_are_wrong(tmp_path, text, says):
    path = folder(tmp_path, coco())
    (path / "keypoints.yaml").write_text(text)
    with pytest.raises(UserError, match=says) as error:
        formats.read(path)
    assert "keypoints.yaml" in str(error.value) and "\n" not in str(error.value)


def test_rules_order_points_and_name_those_without_names(tmp_path):
    path = folder(tmp_path, coco())
    before = formats.read(path)
    (path / "keypoints.yaml").write_text("names: [nose, left_eye]\npartners: null")
    after = formats.read(path)
    assert after.names == ("nose", "left_eye") and after.skeleton == ((1, 0),)
    assert after.points().tolist() == before.points()[:, [2, 0]].tolist()
    assert not scheme.derive(after).flips
    (path / "keypoints.yaml").write_text("flip: [2, 1, 0]")
    assert scheme.derive(formats.read(path)).partners == (2, 1, 0)
    document = coco()
    del document["categories"][0]["keypoints"]
    (path / "keypoints.yaml").write_text("names: [left_eye, right_eye, nose]")
    assert formats.read(folder(path, document)).faces == before.faces


@pytest.mark.parametrize(
    "changes",
    [
        {"partners": [0, 1, 1]},
        {"partners": [1, 0, 7]},
        {"partners": []},
        {"partners": list(range(5000))},
        {"regions": {"eyes": [0, 1]}},
        {"outlines": [[0, 9]]},
        {"outlines": [[0, True]]},
        {"outlines": [[0, 1], []]},
        {"regions": {"eyes": [0, 1], "nose": [2], "ears": []}},
        {"eyes": [0, 0]},
        {"eyes": [0, 1, 2]},
        {"labels": ["a", "a", "b"]},
        {"labels": ["a", "\x1b", "b"]},
        {"regions": None},
    ],
    ids=str,
)
def test_plain_values_that_are_no_scheme(changes):
    good = scheme.derive(annotated(["left_eye", "right_eye", "nose"])).as_dict()
    Scheme.from_dict(good)
    with pytest.raises(ValueError):
        Scheme.from_dict(good | changes)
