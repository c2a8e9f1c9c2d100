"""What kills leave: DVC's lock files cut anywhere, and temporary files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from keypoints import files, mend
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


@pytest.mark.parametrize("end", ["  parse@youtube:\n", "--out \n", "    outs:\n", "stages:\n"])
def test_a_lock_that_is_cut_after_a_line_comes_back_from_git(end: str, project: Path) -> None:
    """DVC may read it as a lock of fewer stages, and would bring back those alone that it runs."""
    whole = (project / "dvc.lock").read_bytes()
    (project / "dvc.lock").write_bytes(whole[: whole.rindex(end.encode()) + len(end)])
    mend.main()
    assert (project / "dvc.lock").read_bytes() == whole


def test_a_lock_without_what_the_pipeline_has_no_more_stays(project: Path) -> None:
    pipeline, lock = (yaml.safe_load((project / name).read_text()) for name in ("dvc.yaml", "dvc.lock"))
    del pipeline["stages"]["render"]
    lock["stages"] = {name: stage for name, stage in lock["stages"].items() if "render" not in name}
    (project / "dvc.yaml").write_text(yaml.safe_dump(pipeline))
    (project / "dvc.lock").write_text(yaml.safe_dump(lock))
    mend.main()
    assert yaml.safe_load((project / "dvc.lock").read_text()) == lock


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
