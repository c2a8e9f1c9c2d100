"""What kills leave: DVC's lock files cut anywhere, and temporary files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from keypoints import files, mend
from keypoints.errors import UserError
from keypoints.paths import ROOT


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a dvc.lock in git, and a folder for DVC's own files."""
    for file in ("dvc.lock", "dvc.yaml"):
        shutil.copy(ROOT / file, tmp_path)
    (tmp_path / ".dvc/tmp").mkdir(parents=True)
    who = ["-c", "user.name=a", "-c", "user.email=a@b"]
    for words in (["init", "-q"], ["add", "dvc.lock"], [*who, "commit", "-qm", "a"]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(mend, "PAUSE", 0.0)
    return tmp_path


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.7123])
def test_a_lock_that_is_cut_comes_back_from_git(share: float, project: Path, capsys) -> None:
    """Within a line."""
    whole = (project / "dvc.lock").read_bytes()
    (project / "dvc.lock").write_bytes(whole[: int(share * len(whole))].rstrip(b"\n"))
    mend.main()
    assert (project / "dvc.lock").read_bytes() == whole
    assert capsys.readouterr().err.startswith("mended: dvc.lock was cut short: put back as in git")
    assert whole.startswith(mend.CUT.read_bytes()), "what it was is kept"


@pytest.mark.parametrize(
    "end",
    [
        "  parse@youtube:\n",
        "--out \n",
        "    deps:\n",
        "    outs:\n",
        "stages:\n",
        "youtube.npz\n",
        "hash: md5\n",
    ],
)
def test_a_lock_that_is_cut_within_a_stage_comes_back_from_git(end: str, project: Path) -> None:
    """DVC reads some of these, as a stage that has made nothing."""
    whole = (project / "dvc.lock").read_bytes()
    (project / "dvc.lock").write_bytes(whole[: whole.rindex(end.encode()) + len(end)])
    mend.main()
    assert (project / "dvc.lock").read_bytes() == whole


def without_render(pipeline: dict, lock: dict) -> None:
    """The stage is no more."""
    del pipeline["stages"]["render"]
    lock["stages"] = {name: stage for name, stage in lock["stages"].items() if "render" not in name}


def with_an_out_less(pipeline: dict, lock: dict) -> None:
    for stage in (pipeline["stages"]["parse"]["do"], lock["stages"]["parse@imm"]):
        del stage["outs"][1]


def with_few_stages(pipeline: dict, lock: dict) -> None:
    """It was deleted, and made again in part."""
    lock["stages"] = dict(list(lock["stages"].items())[:2])


def with_a_stage_of_another_pipeline(pipeline: dict, lock: dict) -> None:
    lock["stages"]["gone"] = {"cmd": "true"}


@pytest.mark.parametrize(
    "change", [without_render, with_an_out_less, with_few_stages, with_a_stage_of_another_pipeline]
)
def test_a_whole_lock_that_git_does_not_have_stays(
    change: Callable[[dict, dict], None], project: Path, capsys
) -> None:
    pipeline, lock = (yaml.safe_load((project / name).read_text()) for name in ("dvc.yaml", "dvc.lock"))
    change(pipeline, lock)
    (project / "dvc.yaml").write_text(yaml.safe_dump(pipeline))
    (project / "dvc.lock").write_text(yaml.safe_dump(lock, sort_keys=False) + "# mine\n")
    before = (project / "dvc.lock").read_bytes()
    mend.main()
    assert (project / "dvc.lock").read_bytes() == before and capsys.readouterr().err == ""


@pytest.mark.parametrize("pipeline", [b"x: [\n", b"", b"stages: [a]\n", b"stages: {a: b}\n", b"\xff", None])
@pytest.mark.parametrize("lock", ["schema: '2.0'\nstages: {}\n", "sch"])
def test_without_a_pipeline_the_lock_stays(pipeline: bytes | None, lock: str, project: Path) -> None:
    """Nothing says then what a whole lock is."""
    (project / "dvc.lock").write_text(lock)
    (project / "dvc.yaml").unlink() if pipeline is None else (project / "dvc.yaml").write_bytes(pipeline)
    with pytest.raises(UserError, match=r"dvc\.yaml cannot be read, dvc\.lock stays as it is"):
        mend.main()
    assert (project / "dvc.lock").read_text() == lock


def test_without_git_dvc_makes_the_lock_again(project: Path, capsys) -> None:
    shutil.rmtree(project / ".git")
    (project / "dvc.lock").write_text("")
    mend.main()
    assert not (project / "dvc.lock").exists() and "makes it again" in capsys.readouterr().err


@pytest.mark.parametrize("content", ["", '{"data": {"re'])
def test_an_rwlock_that_is_cut_is_removed(content: str, project: Path) -> None:
    (project / mend.RWLOCK).write_text(content)
    mend.main()
    assert not (project / mend.RWLOCK).exists()


def test_what_is_whole_stays(project: Path, capsys) -> None:
    (project / mend.RWLOCK).write_text('{"a": {"read": []}}')
    before = (project / "dvc.lock").stat()
    mend.main()
    assert (project / "dvc.lock").stat() == before and (project / mend.RWLOCK).exists()
    assert capsys.readouterr().err == ""


def dead() -> int:
    """The number of a process that is over."""
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    return done.pid


def test_temporary_files_of_dead_processes_go_and_others_stay(project: Path, capsys) -> None:
    over = dead()
    left = [
        f"data/.imm.{over}.part",
        f"data/t/.nose.npz.{over}.part.npz",
        f".checkpoints/.a.pt.{over}.part.pt",
    ]
    stay = [f"data/t/.face.npz.{os.getpid()}.part.npz", "data/.gitignore", f"data/.backup.{over}"]
    for name in [*left, *stay]:
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("half")
    mend.main()
    assert not any((project / name).exists() for name in left)
    assert all((project / name).exists() for name in stay)
    assert f"{len(left)}" in capsys.readouterr().err


def test_a_process_that_nobody_has_asked_for_its_end_is_dead_too(project: Path) -> None:
    done = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)
    done.stdout.read()  # it is over, and a zombie until `wait`
    litter = project / f"data/.imm.{done.pid}.part"
    litter.parent.mkdir()
    litter.write_text("half")
    for _ in range(100):
        mend.main()
        if not litter.exists():
            break
        time.sleep(0.02)
    assert not litter.exists() and done.returncode is None
    done.wait()


def test_the_next_writer_of_a_file_sweeps_too(tmp_path: Path) -> None:
    litter, other = tmp_path / f".a.npz.{dead()}.part.npz", tmp_path / f".b.npz.{dead()}.part.npz"
    litter.write_text("half")
    other.write_text("half")
    with files.whole(tmp_path / "a.npz") as part:
        part.write_text("whole")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([other.name, "a.npz"])
