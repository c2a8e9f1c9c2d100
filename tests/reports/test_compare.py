"""Runs beside each other: what was changed, what it did, and pictures on one page."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from keypoints import paths
from keypoints.errors import UserError
from keypoints.paths import ROOT
from keypoints.reports import compare
from keypoints.system import git

GIT = ["git", "-c", "user.name=t", "-c", "user.email=t@t"]
PNG = bytes.fromhex("89504e470d0a1a0a")
FIGURES = {"nme": 8.0, "mse_1e-4": 1.5, "mae_px": 5.0, "auc_8": 0.3, "fr_8": 0.4, "mean_shape_nme": 27.0}


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A repository with an experiment, lazy-fox, whose nose has another learning rate and is better."""
    monkeypatch.chdir(tmp_path)
    subprocess.run([*GIT, "init", "-q"], check=True)
    shutil.copyfile(ROOT / "params.yaml", "params.yaml")
    write(0.002, 8.0)
    commit()
    write(0.001, 7.5)
    commit()
    git.ask("update-ref", "refs/exps/ab/cdef/lazy-fox", "HEAD")
    git.ask("reset", "-q", "--hard", "HEAD~")
    return tmp_path


def write(lr, nme):
    tree = yaml.safe_load(paths.PARAMS.read_text())
    tree["nose"]["train"]["lr"] = lr
    paths.PARAMS.write_text(yaml.safe_dump(tree))
    paths.history("nose").parent.mkdir(parents=True, exist_ok=True)
    paths.history("nose").write_text(f"epoch,val_nme\n1,20\n2,{nme}\n")
    paths.metrics("nose").write_text(json.dumps(FIGURES | {"nme": nme}))


def commit():
    subprocess.run([*GIT, "add", "params.yaml", "metrics"], check=True)
    subprocess.run([*GIT, "commit", "-qm", "a run"], check=True)


def test_what_was_changed_and_what_it_did(checkout, capsys):
    paths.plots("nose").mkdir(parents=True)
    (paths.plots("nose") / "curves.png").write_bytes(PNG)
    compare.main(["workspace", "lazy-fox"], [], checkout / "page.html")
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[:3] == [
        ["nose", "workspace", "lazy-fox"],
        ["train.lr", "0.002", "0.001"],
        ["nme", "8", "7.5", "(-0.5)"],
    ]
    page = (checkout / "page.html").read_text()
    assert page.count("<img") == 2  # the curves of both, and the workspace's picture
    assert 'class="better">7.5 (-0.5)<' in page
    assert "http" not in page and 'src="data:image/png;base64,' in page


def test_what_the_profile_says_of_a_part_is_shown_with_that_part_alone(checkout):
    tree = yaml.safe_load(paths.PARAMS.read_text())
    tree["profile"]["max_epochs"]["nose"] = 3
    tree["profile"]["faces"]["ibug"] = 99
    paths.PARAMS.write_text(yaml.safe_dump(tree))
    both = [compare.Revision.find("HEAD"), compare.Revision.find("workspace")]
    shown = {part: compare.compare(part, both) for part in ("nose", "face", "landmarks")}
    assert shown == {
        "nose": [["profile.max_epochs", "20", ("3", "")]],
        "face": [],
        "landmarks": [["profile.faces", "400", ("99", "")]],
    }


def test_parts_in_which_nothing_differs_are_left_out(checkout, capsys):
    compare.main([], [], checkout / "page.html")
    assert capsys.readouterr().out == "no difference\n" and not (checkout / "page.html").exists()
    compare.main(["HEAD", "lazy-fox"], ["face"], checkout / "page.html")
    assert capsys.readouterr().out == "no difference\n"


def test_a_part_without_figures_is_compared_by_its_settings(checkout, capsys):
    paths.metrics("nose").unlink()
    paths.history("nose").unlink()
    compare.main(["lazy-fox", "workspace"], ["nose"], checkout / "page.html")
    assert capsys.readouterr().out.splitlines()[1].split() == ["train.lr", "0.001", "0.002"]


@pytest.mark.parametrize("names, only", [(["nobody"], []), ([], ["ear"])])
def test_unknown_names_are_named(checkout, names, only):
    with pytest.raises(UserError, match=(names + only)[0]):
        compare.main(names, only, checkout / "page.html")


@given(st.floats(0, 100), st.floats(0, 100), st.sampled_from(sorted(compare.BETTER)))
def test_what_is_better_one_way_is_worse_the_other(before, after, key):
    sign = compare.BETTER[key]
    kinds = {compare.judge(before, after, sign)[1], compare.judge(after, before, sign)[1]}
    assert kinds == ({""} if before == after else {"better", "worse"})
    less = compare.judge(1.0, 0.5, sign)[1]
    assert less == ("worse" if key == "auc_8" else "better")


def test_outside_of_a_repository_there_is_no_revision(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="HEAD: neither a revision nor an experiment"):
        compare.Revision.find("HEAD")
