"""`python -m keypoints.compose` writes params.yaml, and only when it has to."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from keypoints import compose
from keypoints.errors import UserError
from keypoints.settings import params


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_it_writes_and_prints_what_changed(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    compose.main([])
    assert params.load(here / "params.yaml").profile.name == "demo"
    assert names(here) == ["params.yaml"]
    capsys.readouterr()

    compose.main(["seed=7", "nose.train.lr=0.5"])
    said = capsys.readouterr().err
    assert "2 values changed" in said
    assert "seed: 42 -> 7" in said and "nose.train.lr: 0.002 -> 0.5" in said
    assert params.load(here / "params.yaml").seed == 7


def test_it_is_silent_when_nothing_changes(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    compose.main(["seed=7"])
    capsys.readouterr()
    target = here / "params.yaml"
    os.utime(target, ns=(10**18, 10**18))
    before = target.stat()
    compose.main(["seed=7"])
    after = target.stat()
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    "override",
    [
        "face=nobody",
        "face=null",
        "face=1",
        "nonsense",
        "train.speed=3",
        "seed=-1",
        "seed=abc",
        "train.lr=nan",
    ],
)
def test_a_wrong_override_leaves_the_file_alone(override: str, here: Path) -> None:
    compose.main(["seed=7"])
    before = (here / "params.yaml").read_bytes()
    with pytest.raises(UserError) as caught:
        compose.main([override])
    assert "\n" not in str(caught.value) and str(caught.value).startswith("conf")
    assert (here / "params.yaml").read_bytes() == before
    assert names(here) == ["params.yaml"]


def test_a_removed_and_an_added_value_are_printed(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    compose.main([])
    text = (here / "params.yaml").read_text()
    (here / "params.yaml").write_text(text.replace("seed: 42", "seeds: 42"))
    capsys.readouterr()
    compose.main([])
    said = capsys.readouterr().err
    assert "seeds: 42 -> None" in said and "seed: None -> 42" in said
    assert (here / "params.yaml").read_text() == text


def test_a_broken_file_is_made_again(here: Path) -> None:
    (here / "params.yaml").write_text("<<<<<<< HEAD\nseed: [42\n")
    compose.main([])
    assert params.load(here / "params.yaml").seed == 42


@pytest.fixture
def conf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(compose.CONF, tmp_path / "conf")
    monkeypatch.setattr(compose, "CONF", tmp_path / "conf")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "conf"


def test_a_wrong_value_in_conf_is_named(conf: Path) -> None:
    with open(conf / "nose" / "best.yaml", "a", encoding="utf-8") as file:
        file.write("colour: red\n")
    with pytest.raises(UserError, match=r"conf: nose\.colour: unknown key"):
        compose.main([])
    assert not Path("params.yaml").exists()


def test_conf_that_is_no_yaml_is_named(conf: Path) -> None:
    (conf / "nose" / "best.yaml").write_text("recipe: [best\n")
    with pytest.raises(UserError, match="nose"):
        compose.main([])


def test_the_command_line(here: Path) -> None:
    command = [sys.executable, "-m", "keypoints.compose", "face=nobody"]
    environment = os.environ | {"PYTHONPATH": str(compose.CONF.parent)}
    done = subprocess.run(command, cwd=here, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith("error: conf/: ") and done.stderr.count("\n") == 1
    assert "nobody" in done.stderr and names(here) == []


def test_reading_writes_nothing(here: Path) -> None:
    tree = compose.read(["seed=7"])
    assert tree["seed"] == 7 and names(here) == []
    with pytest.raises(UserError, match="nobody"):
        compose.read(["face=nobody"])


def test_parts_are_those_of_the_composed_file(here: Path) -> None:
    assert compose.parts() == list(compose.read([])["parts"])


def test_an_installed_package_has_no_options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compose, "CONF", tmp_path / "conf")
    with pytest.raises(UserError, match="a checkout of the project"):
        compose.read([])
