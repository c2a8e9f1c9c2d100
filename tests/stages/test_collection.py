"""Photographs of your own become pictures, the broken ones a line each; none of them is ever in git."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import torch
from PIL import Image

from keypoints import errors, plots
from keypoints.models.trained import Trained
from keypoints.paths import ROOT
from keypoints.synthetic.drawing import Expression, Person, Pose, Scene, draw
from stages import collection
from tests.blobs import PART


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "nose.pt"
    Trained.new(PART).save(path)
    return path


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder with a face, drawn by the project, as a JPEG that its EXIF turns, and as a PNG."""
    folder = tmp_path / "photos"
    folder.mkdir()
    face = draw(Person(), Expression(), Pose(100, 90, 45), Scene(), (200, 180)).image
    turned = Image.Exif()
    turned[274] = 6  # orientation: to be turned to the right
    face.rotate(90, expand=True).save(folder / "a.jpg", exif=turned)
    face.save(folder / "a.png")
    return folder


def run(photos: Path, weights: Path, part: str = "nose") -> Path:
    out = photos.parent / "new" / "pictures"
    collection.main(part, photos, weights, out)
    return out


def seen(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple]:
    """What is drawn: name -> picture, boxes, points, scheme, caption."""
    drawn: dict[str, tuple] = {}
    monkeypatch.setattr(plots, "photograph", lambda path, *shown: drawn.update({path.name: shown}))
    return drawn


def test_every_photograph_is_one_picture_the_same_twice(photos: Path, weights: Path) -> None:
    first = {path.name: path.read_bytes() for path in run(photos, weights).iterdir()}
    assert set(first) == {"a.jpg.png", "a.png.png"}
    assert first == {path.name: path.read_bytes() for path in run(photos, weights).iterdir()}


def test_faces_are_found_on_the_upright_picture(
    photos: Path, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = seen(monkeypatch)
    run(photos, weights)
    for picture, boxes, points, scheme, caption in drawn.values():
        assert caption == collection.DRAWN  # params.yaml is of the demo
        assert picture.shape == (180, 200, 3)
        ((left, top, width, height),) = boxes
        assert left < 100 < left + width and top < 90 < top + height
        assert [xy.shape for xy in points] == [(scheme.points, 2)] == [(1, 2)]


def test_given_boxes_are_taken_in_the_place_of_the_detector(
    photos: Path, weights: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    given = [("a.jpg", [60, 50, 80, 80]), ("a.jpg", [1.5, 2, 30, 40]), ("b.jpg", [1, 2, 3, 4])]
    lines = [json.dumps({"file": file, "box": box}) for file, box in given]
    (photos / "boxes.jsonl").write_text("\n".join([*lines, "", ""]))
    drawn = seen(monkeypatch)
    run(photos, weights)
    assert drawn["a.jpg.png"][1] == [(60, 50, 80, 80), (1.5, 2, 30, 40)]
    assert len(drawn["a.png.png"][1]) == 1
    assert capsys.readouterr().err == f"warning: {photos / 'boxes.jsonl'}: there is no b.jpg\n"


def test_a_broken_photograph_is_one_line_and_the_rest_go_on(
    photos: Path, weights: Path, capsys: pytest.CaptureFixture
) -> None:
    (photos / "0.jpg").write_bytes((photos / "a.png").read_bytes()[:900])
    (photos / "notes.txt").write_text("dear diary")
    (photos / ".hidden").write_text("not looked at")
    (photos / "folder").mkdir()
    assert {path.name for path in run(photos, weights).iterdir()} == {"a.jpg.png", "a.png.png"}
    said = capsys.readouterr().err.splitlines()
    assert [line.partition(": left out: ")[0] for line in said] == [
        f"warning: {photos / name}" for name in ("0.jpg", "notes.txt")
    ]


def test_an_empty_folder_gives_an_empty_one(tmp_path: Path, weights: Path) -> None:
    (tmp_path / "photos").mkdir()
    assert not list(run(tmp_path / "photos", weights).iterdir())


def test_a_wrong_list_of_boxes_is_refused(photos: Path, weights: Path) -> None:
    (photos / "boxes.jsonl").write_text('{"file": "a.png"}')
    with pytest.raises(errors.UserError, match=r"boxes\.jsonl: line 1"):
        run(photos, weights)


def test_an_unknown_part_is_refused(photos: Path, weights: Path) -> None:
    with pytest.raises(errors.UserError, match="chin"):
        run(photos, weights, "chin")


def test_photographs_never_enter_git() -> None:
    folder = ROOT / "data/collection"
    ask = ["git", "check-ignore", "--no-index", "-q"]
    for name in ("a.jpg", "boxes.jsonl", "b/c.png"):
        assert subprocess.run([*ask, folder / name], cwd=ROOT).returncode == 0, name
    tracked = subprocess.run(
        ["git", "ls-files", "data"], cwd=ROOT, text=True, capture_output=True, check=True
    )
    assert tracked.stdout.split() == ["data/collection/.gitignore"]


def test_a_name_that_is_too_long_is_one_warning(photos: Path, weights: Path, capsys) -> None:
    long = photos / f"{'n' * 248}.png"
    long.write_bytes((photos / "a.png").read_bytes())
    assert {path.name for path in run(photos, weights).iterdir()} == {"a.jpg.png", "a.png.png"}
    assert capsys.readouterr().err.count("no file can be called after it") == 1
