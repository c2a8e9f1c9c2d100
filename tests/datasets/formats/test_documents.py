"""Sources are read within bounds, pictures found by any path, and nothing leads out of a source."""

from __future__ import annotations

import contextlib
import json
import math
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keypoints.datasets import formats
from keypoints.datasets.formats import assembly, documents
from keypoints.datasets.formats.documents import Broken, Source, Text
from keypoints.datasets.formats.marks import Mark, Marks, order_names
from keypoints.datasets.formats.shapes import recognise
from keypoints.errors import UserError
from keypoints.landmarks import IBUG, SCHEMES
from tests.datasets.formats.layouts import LAYOUTS, drawn, lay
from tests.inspection.faces import annotated
from tests.layouts import image, line

LAUGHS = b"<!DOCTYPE d [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;'>]><dataset>&b;</dataset>"
OUTSIDE = b"<!DOCTYPE d [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><dataset>&e;</dataset>"


@pytest.mark.parametrize(
    "content", [LAUGHS, OUTSIDE, b"<a>" * 100_000, b"<a", b"{" * 99, b"[1e", b"[" * 10**6]
)
def test_documents_that_are_refused(content):
    found = documents.parse(content)
    assert isinstance(found, Broken) and found.why.isprintable() and len(found.why) < 300


def test_large_documents_are_refused_before_they_are_parsed(monkeypatch):
    monkeypatch.setattr(documents, "PARSED", 10)
    monkeypatch.setattr(json, "loads", lambda text: pytest.fail("parsed"))
    assert documents.parse(b'{"a": "bcdefgh"}') == Broken("larger than 10 bytes")
    assert isinstance(documents.parse(b"file,name,x,y"), Text)


def test_all_texts_together_are_bounded(tmp_path, monkeypatch):
    path = lay(tmp_path, LAYOUTS["pts"](drawn(68)))
    monkeypatch.setattr(documents, "KEPT", 2000)
    with pytest.raises(UserError, match="its annotations are more than 2000 bytes"):
        formats.read(path)


@pytest.mark.parametrize(
    "files, says",
    [
        ({"a.pts": b"version: 1\nn_points: 1000000\n{\n" + b"1 2\n" * 10**6 + b"}"}, "1000000 points"),
        ({"a.pts": b"n_points: 0\n{\n}"}, "0 points"),
        ({"a.pts": b"n_points: 3\n{\n1 2\n}"}, "1 points, though n_points says 3"),
        ({"a.pts": b"n_points: 1\n{\n1 2 3\n}"}, "more than x and y"),
        ({"a.csv": b"file," + b",".join(b"p%d_x,p%d_y" % (k, k) for k in range(30_000))}, "no annotation of"),
        (
            {
                "a.csv": b"file,"
                + b",".join(b"x%d,y%d" % (k, k) for k in range(2000))
                + b"\nc.png"
                + b",1" * 4000
            },
            "2000 dif",
        ),
        ({"a.csv": b"file,name,x,y\nc.png," + b"n" * 200_000 + b",1,2"}, "field larger|short name"),
        ({"a.csv": b"file,name,x,y\nc.png,a\x1b[2J,1,2"}, "printable, short name"),
        ({"a.csv": b"file,name,x,y\n../../etc/passwd,a,1,2"}, "its picture is not there"),
        ({"a.csv": b"file,name,x,y\nc.dcm,a,1,2"}, r"no \.dcm is read as a picture"),
        ({"a.csv": b'file,name,x,y\nc.png,a,1,2\nc.png,"b,3,4\nc.png,c,5,6'}, "a.csv: no CSV in UTF-8"),
        ({"a.csv": "file,name,x,y\nc.png,é,1,2".encode("latin-1")}, "a.csv: no CSV in UTF-8"),
        ({"a.csv": b"file,name,x,y\nc.png,a,1"}, "3 columns, the header has 4"),
        ({"a.csv": b"file,name,x,y\nc.png,a,1,2\nc.png,a,1,2"}, "two points are called 'a'"),
        ({"a.csv": b"file,name,x,y,v\nc.png,a,1,2,maybe"}, "visible of 'a': 'maybe' is neither a number nor"),
        ({"a.csv": b"file,name,x,y\n"}, "no face has points"),
        ({"a.json": b'[{"data": {"image": "http://[x"}, "annotations": [{"result": 5}]}]'}, "no result is a"),
        (
            {"a.json": b'{"shapes": [{"shape_type": "point", "points": 5}], "imagePath": "c.png"}'},
            "no list of x, y",
        ),
        ({"a.json": b'{"shapes": [1, null], "imagePath": 5}'}, "no shape is a point"),
        (
            {"a.xml": b"<dataset><images><image file='c.png'><box/></image></images></dataset>"},
            "no box has parts",
        ),
        ({"a.xml": LAUGHS}, "a.xml: no plain XML"),
    ],
    ids=lambda value: str(value)[:60] if isinstance(value, str) else None,
)
def test_hostile_and_broken_annotations_are_one_line(tmp_path, files, says):
    path = lay(tmp_path, files)
    with pytest.raises(UserError, match=says) as error:
        formats.read(path)
    assert str(path) in line(error) and len(str(error.value)) < 600 and str(error.value).isprintable()


def test_several_faces_on_a_picture(tmp_path):
    def point(label, x, group=None):
        return {"label": label, "points": [[x, 1]], "shape_type": "point", "group_id": group}

    def labelme(shapes):
        lay(tmp_path / "l", {"c.json": json.dumps({"imagePath": "c.png", "shapes": shapes}).encode()})
        return [face.points[0] for face in formats.read(tmp_path / "l").faces]

    assert labelme([point("a", 2.5, 1), point("a", 7.5, 2), point("b", 3, 1)]) == [2, 7]
    with pytest.raises(UserError, match="two points are called 'a': give each face a group_id"):
        labelme([point("a", 2.5), point("a", 7.5)])

    common = {"original_width": 80, "original_height": 120}

    def result(kind, **value):
        identity = value.pop("id", "x")
        return {"type": kind, "id": identity, "value": value, **common}

    boxes = [
        result("rectanglelabels", id=name, x=x, y=0, width=40, height=50)
        for name, x in (("one", 0), ("two", 50))
    ]
    points = [result("keypointlabels", x=x, y=10, keypointlabels=["a"]) for x in (10, 60)]
    task = {"data": {"image": "/data/upload/1/0a1b2c3d-c.png"}, "annotations": [{"result": boxes + points}]}
    lay(tmp_path / "s", {"tasks.json": json.dumps([task]).encode()})
    assert [face.box for face in formats.read(tmp_path / "s").faces] == [(0, 0, 32, 60), (40, 0, 32, 60)]
    task["annotations"][0]["result"] = points
    lay(tmp_path / "s", {"tasks.json": json.dumps([task]).encode()})
    with pytest.raises(UserError, match="draw a rectangle around each face"):
        formats.read(tmp_path / "s")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_byte_order_mark_before_a_text_is_nothing(tmp_path, layout):
    mark = b"\xef\xbb\xbf"
    plain = {name: content.removeprefix(mark) for name, content in LAYOUTS[layout](drawn(98)).items()}
    marked = {
        name: mark + content if name.endswith(documents.TEXTS) else content for name, content in plain.items()
    }
    before, after = (formats.read(lay(tmp_path / k, files)) for k, files in (("a", plain), ("b", marked)))
    assert after.faces == before.faces and after.format == before.format


@pytest.mark.parametrize(
    "changes, why",
    [
        ({"data": None}, "its picture is not there"),
        ({"data": [1]}, "its picture is not there"),
        ({"original_width": 10**400}, "lack one original_width and original_height"),
        ({"original_width": 0}, "lack one original_width and original_height"),
    ],
    ids=str,
)
def test_a_task_of_label_studio_that_is_wrong_is_left_out(tmp_path, changes, why):
    def task(data={"image": "c.png"}, original_width=80):  # noqa: B006
        point = {"type": "keypointlabels", "value": {"x": 10, "y": 10, "keypointlabels": ["a"]}}
        result = [point | {"original_width": original_width, "original_height": 120}]
        return {"data": data, "annotations": [{"result": result}]}

    lay(tmp_path, {"tasks.json": json.dumps([task(), task(**changes)]).encode()})
    found = formats.read(tmp_path, max_broken=0.5)
    assert len(found.faces) == 1 and [why in each.why for each in found.left_out] == [True]


def test_of_two_annotators_of_label_studio_the_one_who_marked_points_counts(tmp_path):
    value = {"x": 10, "y": 10, "keypointlabels": ["a"]}
    point = {"type": "keypointlabels", "value": value, "original_width": 80, "original_height": 120}
    task = {"data": {"image": "c.png"}, "annotations": [{"result": []}, {"result": [point]}]}
    found = formats.read(lay(tmp_path, {"tasks.json": json.dumps([task]).encode()}))
    assert found.points().tolist() == [[[7.5, 11.5]]]


@pytest.mark.parametrize("layout", ["WFLW", "pts", "wide CSV"])
def test_lines_may_end_as_on_windows(tmp_path, layout):
    plain = LAYOUTS[layout](drawn(98))
    windows = {name: content.replace(b"\n", b" \r\n") for name, content in plain.items()}
    before, after = (formats.read(lay(tmp_path / k, files)) for k, files in (("a", plain), ("b", windows)))
    assert after.faces == before.faces


def test_the_lists_of_wflws_attributes_repeat_faces(tmp_path):
    found = formats.read(lay(tmp_path, LAYOUTS["WFLW"](drawn(98))))
    assert len(found.faces) == 3
    assert {face.subset for face in found.faces} == {"expression, blur"}
    assert {face.more for face in found.faces} == {(("list", "list_98pt_rect_attr_train"),)}


@pytest.mark.parametrize(
    "header, expected",
    [
        (",0,1,2,3", ("point_0", "point_1")),  # YouTube Faces
        ("file,x0,y0,x1,y1", ("point_0", "point_1")),
        ("file,x_1,y_1,x_2,y_2", ("point_1", "point_2")),
        ("image_path,left eye x,left eye y,noseX,noseY", ("left eye", "nose")),
        ("file,left,top,width,height,score,jaw_0_x,jaw_0_y", ("jaw_0",)),  # `keypoints --csv`
        ("file;nose.x;nose.y", ("nose",)),
        ("file\tnose_x\tnose_y", ("nose",)),
        ("file,nose_x,nose_y,", ("nose",)),
    ],
)
def test_headers_of_wide_tables(tmp_path, header, expected):
    mark = next(each for each in "\t;," if each in header)
    row = mark.join(["c.png", *("7" for _ in header.split(mark)[1:])])
    found = formats.read(lay(tmp_path, {"a.csv": f"{header}\n{row}\n".encode()}))
    assert found.names == expected and set(found.faces[0].points) == {7.0}


def test_decimals_have_commas_where_semicolons_stand_between_columns(tmp_path):
    row = "file;a_x;a_y;left;top;width;height\rc.png;12,5;7;1,5;2;30;30,25\r"
    (face,) = formats.read(lay(tmp_path, {"a.csv": row.encode()})).faces
    assert face.points == (12.5, 7.0) and face.box == (1.5, 2.0, 30.0, 30.25)


def labelled(picture: str, *labels: str) -> bytes:
    """labelme's document of a picture, whose points lie at 1, 2 …"""
    corners = [[[k + 0.5, k + 0.5]] for k in range(1, len(labels) + 1)]
    shapes = [{"label": x, "shape_type": "point", "points": p} for x, p in zip(labels, corners, strict=True)]
    return json.dumps({"imagePath": picture, "shapes": shapes}).encode()


@pytest.mark.parametrize("labels, names", [("01", ["point_0", "point_1"]), ("12", ["point_1", "point_2"])])
def test_corrected_predictions_join_annotations_by_number(tmp_path, labels, names):
    """What a net learned from points with numbers it writes with names."""
    files = {"c.json": labelled("c.png", *labels), "photos/a.json": labelled("a.jpg", *names)}
    found = formats.read(lay(tmp_path, files))
    assert found.names == tuple(names) and found.points().tolist() == 2 * [[[1, 1], [2, 2]]]


def test_numbers_and_names_that_nobody_relates_are_one_line(tmp_path):
    files = {"c.json": labelled("c.png", "1", "2"), "photos/a.json": labelled("a.jpg", "eye", "nose")}
    path = lay(tmp_path, files)
    with pytest.raises(
        UserError, match=r"c\.json numbers its points, photos/a\.json names them: say"
    ) as error:
        formats.read(path)
    line(error)
    (path / "keypoints.yaml").write_text("names: [eye, nose]")
    assert formats.read(path).points().tolist() == 2 * [[[1, 1], [2, 2]]]


def test_a_face_that_is_there_twice_counts_once(tmp_path):
    rows = ["file,a_x,a_y,b_x,b_y", "c.png,1,2,,", "c.png,1,2,,", "c.png,1,2,3,4"]
    found = formats.read(lay(tmp_path, {"a.csv": "\n".join(rows).encode()}))
    assert len(found.faces) == 2
    assert [(each.where, each.broken) for each in found.left_out] == [("a.csv: row 2", False)]


@pytest.mark.parametrize("cell", ["0", "0.0", "FALSE", "No", " f ", "-1"])
def test_a_point_that_a_table_calls_invisible_is_missing(tmp_path, cell):
    cells = (cell, "1", "2.0", "TRUE", "Yes", "")
    rows = [f"c.png,{name},1,2,{visible}" for name, visible in zip("abcdef", cells, strict=True)]
    path = lay(tmp_path, {"a.csv": "\n".join(["file,name,x,y,visible", *rows]).encode()})
    assert formats.read(path).names == tuple("bcdef")


# --- pictures


names = st.text(alphabet="ab.\\/ é\x1b", max_size=12)


@given(st.lists(names, max_size=6), names)
def test_whatever_is_named_only_pictures_of_the_source_are_found(there, named):
    source = pictures(*filter(documents.normalise, there))
    for stem in (False, True):
        with contextlib.suppress(LookupError):
            assert source.find(named, "b/list.xml", stem)[1] in source.sizes


def pictures(*names: str) -> Source:
    source = Source(path=None)
    for name in names:
        source.add_picture(name, (1, 1))
    return source


def test_the_picture_beside_the_document_comes_first():
    source = pictures("a/x.jpg", "b/x.jpg", "b/c/x.jpg")
    assert source.find("x.jpg", "b/list.json")[1] == "b/x.jpg"
    assert source.find("c/x.jpg", "b/list.json")[1] == "b/c/x.jpg"
    assert source.find("a/x", "list.json", stem=True)[1] == "a/x.jpg"


def test_a_picture_that_lies_in_no_folder_is_found_though_others_have_its_name():
    source = pictures("x.jpg", "a/x.jpg", "b/c/x.jpg")
    for named in ("x.jpg", "../x.jpg", "/elsewhere/x.jpg"):
        assert source.find(named, "list.json")[1] == "x.jpg"
    assert source.find("x", "x.pts", stem=True)[1] == "x.jpg"
    assert source.find("/elsewhere/a/x.jpg", "list.json")[1] == "a/x.jpg"
    assert source.find("/elsewhere/c/x.jpg", "list.json")[1] == "b/c/x.jpg"


@pytest.mark.parametrize(
    "there, named, found",
    [
        (["a/1.jpg", "b/2.jpg"], ["a/1.jpg", "b/1.jpg", "b/2.jpg"], ["a/1.jpg", "", "b/2.jpg"]),
        (["1.jpg", "2.jpg"], ["in/1.jpg", "/home/me/in/2.jpg"], ["1.jpg", "2.jpg"]),
        (["out/1.jpg"], ["in/1.jpg", "./in//1.jpg"], ["out/1.jpg", "out/1.jpg"]),
        (["1.jpg"], ["a/1.jpg", "b/1.jpg"], ["", ""]),  # copied into one folder
        (["1.jpg", "c/1.jpg"], ["1.jpg", "c/1.jpg", "d/1.jpg"], ["1.jpg", "c/1.jpg", ""]),
    ],
)
def test_a_face_whose_picture_is_gone_gets_no_other_folders(there, named, found):
    assert placed(pictures(*there), [Mark("", "list.json", name, {}) for name in named]) == found


def placed(source: Source, marks: list[Mark]) -> list[str]:
    """The picture of each mark, "" for none."""
    claims, found = assembly.find_claims(source, marks), []
    for mark in marks:
        try:
            found.append(assembly.find_picture(source, mark, claims))
        except LookupError as error:
            assert "its picture is not there" in str(error)
            found.append("")
    return found


def test_two_documents_may_name_the_same_picture_by_folders_of_their_own():
    marks = [Mark("", f"{name}.json", f"{name}/1.jpg", {}) for name in "ab"]
    assert placed(pictures("1.jpg"), marks) == ["1.jpg", "1.jpg"]
    beside = [Mark("", f"{name}/1.json", "1.jpg", {}) for name in "ab"]
    assert placed(pictures("a/1.jpg"), beside) == ["a/1.jpg", ""]


def test_a_name_beside_the_document_is_meant_before_one_of_another_folder(tmp_path):
    """A second face of `b/x.jpg` is none of `a/x_2.jpg`; labelme's document is renamed with its picture."""
    photo = image((90, 90))
    text = "n_points: 2\n{{\n{0} 2\n3 4\n}}"
    names = ("a/x_2", "b/x", "b/x_2")
    marks = {f"{name}.pts": text.format(k).encode() for k, name in enumerate(names, 1)}
    found = formats.read(lay(tmp_path / "pts", marks | {"a/x_2.jpg": photo, "b/x.jpg": photo}))
    assert [(face.file, face.points[0]) for face in found.faces] == [
        ("a/x_2.jpg", 0),
        ("b/x.jpg", 1),
        ("b/x.jpg", 2),
    ]
    point = {"label": "a", "points": [[1, 1]], "shape_type": "point"}
    document = json.dumps({"imagePath": "x.jpg", "shapes": [point]}).encode()
    files = {"a/x.jpg": photo, "b/y.jpg": photo, "b/y.json": document}
    assert [face.file for face in formats.read(lay(tmp_path / "labelme", files)).faces] == ["b/y.jpg"]


# --- names and schemes of points


@given(st.lists(st.sampled_from("abcdefgh"), unique=True, min_size=1), st.data())
def test_the_order_of_the_faces_is_kept_though_each_lacks_points(order, data):
    faces = [[n for n in order if data.draw(st.booleans())] for _ in range(3)]
    found = order_names([*faces, order])
    assert found == tuple(order)
    assert set(order_names(faces)) == {name for face in faces for name in face}


def test_faces_that_contradict_each_other_still_give_every_name_once():
    assert sorted(order_names([["a", "b"], ["b", "a"], ["c", "a"]])) == ["a", "b", "c"]
    assert order_names([["10", "2"], ["1"]]) == ("1", "2", "10")


def marks(points) -> Marks:
    labels = tuple(f"point_{k}" for k in range(points.shape[1]))
    faces = [Mark("", "", "", dict(zip(labels, map(tuple, face), strict=True))) for face in points.tolist()]
    return Marks(labels, faces=faces, named=False)


def test_a_known_scheme_is_recognised_by_where_its_points_lie():
    points = annotated()[1]
    assert recognise(marks(points)) is IBUG
    points[:3, 5] = math.nan
    assert recognise(marks(points)) is IBUG
    assert recognise(marks(points[:, ::-1])) is None
    assert recognise(marks(points * [1, -1])) is None  # on their heads
    assert recognise(marks(points[:, :67])) is None


def test_a_tool_that_sorts_names_changes_no_scheme(tmp_path):
    for known in SCHEMES.values():
        if known.points > 1:
            faces = drawn(known.points)
            path = lay(tmp_path / known.name, LAYOUTS["dlib"](faces))
            text = (path / "faces.xml").read_text()
            for k, name in reversed(list(enumerate(known.names()))):
                text = text.replace(f"'p{k:03}'", f"'{name}'")
            runs = groupby(text.splitlines(keepends=True), lambda each: "<part" in each)
            lines = [line for parts, run in runs for line in (sorted(run) if parts else run)]
            (path / "faces.xml").write_text("".join(lines))
            assert formats.read(path, max_broken=1.0).names == tuple(known.names())


@pytest.mark.parametrize("name", ["a.jpg", "in/a.PNG", "in/faces.json"])
def test_pictures_and_annotations_are_wanted(name):
    assert documents.is_wanted(name)


@pytest.mark.parametrize(
    "name", [".a.jpg", ".thumbs/a.jpg", "in/@eaDir/a.jpg", "$RECYCLE.BIN/a.jpg", "__MACOSX/in/a.jpg", "a.mp3"]
)
def test_what_systems_hide_is_not(name):
    assert not documents.is_wanted(name)
