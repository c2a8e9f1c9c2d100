"""What `make own` finds out about a person's data, and how it gets into params.yaml."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keypoints import crops, files, own
from keypoints.datasets import archives, formats
from keypoints.errors import UserError
from keypoints.paths import ROOT
from keypoints.predict.detectors import Detection
from keypoints.settings import params
from tests.datasets.test_own import PEOPLE, archive, coco, picture

BOX = (5.0, 5.0, 30.0, 30.0)  # of all of these faces


def look(monkeypatch: pytest.MonkeyPatch, *boxes: crops.Region) -> None:
    """A detector that finds just these in every picture."""
    found = [Detection(box, 1.0) for box in boxes]
    monkeypatch.setattr("keypoints.predict.detectors.build", lambda name: lambda image: found)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_boxes_are_seen_from_those_of_the_detector(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that its box, moved and scaled by the frame, is where annotators draw theirs."""
    found = formats.read(archive(tmp_path, PEOPLE))
    seen = crops.shift(BOX, 0.8, 0.1, -0.1)
    look(monkeypatch, (300.0, 300.0, 20.0, 20.0), seen)
    frame = own.find_frame(found)
    assert frame is not None
    np.testing.assert_allclose(crops.shift(seen, *frame), BOX)
    sizes = own.propose(found)
    assert sizes["data.frame"] == [round(v, 3) for v in frame]
    assert sizes["data.scale"] == pytest.approx(own.SEEN / frame[0], abs=0.01)


def test_a_broken_photograph_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stages say what is wrong with it."""
    source = archive(tmp_path, PEOPLE)
    found = formats.read(source)
    members = dict(archives.members(source, lambda name: True))
    members[PEOPLE[0]] = members[PEOPLE[0]][:60]
    files.save_tar(source, members.items())
    look(monkeypatch, BOX)
    assert own.find_frame(found) == pytest.approx((1, 0, 0))


def test_what_no_detector_finds_is_said(here: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    """The crop then shows as much around the box as by default, or more where points need it."""
    look(monkeypatch)
    found = formats.read(archive(here, PEOPLE))
    sizes = own.propose(found)
    assert "data.frame" not in sizes and "--box" in capsys.readouterr().err
    own.main(None, [])
    assert sizes["data.scale"] == params.load(here / "params.yaml").part("own").data.scale
    small = [replace(face, box=(15.0, 10.0, 10.0, 10.0)) for face in found.faces]
    points = np.array([(11.5, 12.5), (29.5, 12.5)])  # COCO's 12, 13 and 30, 13
    reach = 2 * np.abs(points - (15 + 5 - 0.5, 10 + 5 - 0.5)).max() / 10
    assert own.propose(replace(found, faces=small))["data.scale"] == pytest.approx(own.ROOM * reach, abs=0.01)


@pytest.mark.parametrize("faces, epochs", [(12, 200), (120, 100), (12_000, 20)])
def test_many_faces_are_shown_less_often(
    faces: int, epochs: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    look(monkeypatch, BOX)
    found = formats.read(archive(tmp_path, PEOPLE))
    monkeypatch.setattr(own, "SHOWN", own.SHOWN * len(found.faces) / faces)
    assert own.propose(found)["train.epochs"] == epochs


def test_points_that_span_no_box_are_refused(tmp_path: Path) -> None:
    listed = coco(PEOPLE, [[7, 7, 2, 0, 0, 0, 0, 0, 0]] * len(PEOPLE)).replace(b'"bbox"', b'"none"')
    files.save_tar(tmp_path / "own.tar", {**{n: picture() for n in PEOPLE}, "a.json": listed}.items())
    with pytest.raises(UserError, match="draw boxes"):
        own.propose(formats.read(tmp_path / "own.tar"))


@pytest.mark.parametrize("name", ["faces", "my faces", "it's, [these]: {faces} = $x", "写真\u3000👩\u200d🦰"])
def test_any_path_gets_into_params(name: str, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    look(monkeypatch, BOX)
    (here / name).mkdir()
    for member, content in {**{n: picture() for n in PEOPLE}, "a.json": coco(PEOPLE)}.items():
        (here / name / member).parent.mkdir(exist_ok=True)
        (here / name / member).write_bytes(content)
    own.main(Path(name), ["own.train.epochs=3"])
    made = params.load(here / "params.yaml")
    assert made.dataset("own").path == str(here / name)
    assert made.part("own").train.epochs == 3 and made.part("own").data.frame == [1.0, 0.0, 0.0]


def test_another_option_can_be_chosen(here: Path) -> None:
    own.main(None, ["own=scratch"])
    assert params.load(here / "params.yaml").part("own").train.init is None


@pytest.mark.parametrize("key, value", [("group", "^([a-z]+)_"), ("csv", "splits.csv")])
def test_how_faces_are_split_can_be_typed_as_documented(key: str, value: str, here: Path) -> None:
    """A shell takes the quotes off the whole, then make's takes those off the value."""
    lines = (ROOT / "docs/own-data.md").read_text(encoding="utf-8").splitlines()
    line = next(line for line in lines if line.startswith("make own") and f"splits.{key}=" in line)
    typed = shlex.split(line)[-1].removeprefix("OWN=")
    for overrides in ([typed], shlex.split(typed)):
        own.main(None, overrides)
        splits = params.load(here / "params.yaml").dataset("own").splits
        assert splits is not None and getattr(splits, key) == value


@pytest.mark.parametrize("value", ["null", ""])
def test_no_way_to_split_can_be_typed(value: str, here: Path) -> None:
    own.main(None, [f"datasets.own.splits.group={value}"])
    splits = params.load(here / "params.yaml").dataset("own").splits
    assert splits is not None and not splits.group


@given(st.text(st.characters(exclude_characters="${\r\n\0", exclude_categories=["Cs", "Cc"]), min_size=1))
def test_any_text_is_a_value_of_an_override(text: str) -> None:
    from hydra.core.override_parser.overrides_parser import OverridesParser

    parsed = OverridesParser.create().parse_override(f"key={own.quote(text)}")
    assert parsed.value() == text
