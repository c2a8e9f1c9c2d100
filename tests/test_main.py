"""The `keypoints` command passes the words on to the command that the first of them names."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from types import SimpleNamespace

import pytest

from keypoints import __main__
from keypoints.paths import ROOT


@pytest.fixture
def called(monkeypatch):
    """What is called in the place of the commands: (module, argv, prog)."""
    calls = []

    def load(module):
        return SimpleNamespace(command=lambda argv, prog: calls.append((module, argv, prog)))

    monkeypatch.setattr(__main__, "import_module", load)
    return calls


@pytest.mark.parametrize("name", __main__.COMMANDS)
def test_the_first_word_names_the_command(name, called):
    __main__.main([name, "--part", "app"])
    assert called == [(__main__.COMMANDS[name], ["--part", "app"], f"keypoints {name}")]


@pytest.mark.parametrize("words", [["photo.jpg"], ["--json", "app"], ["./app"]])
def test_without_a_command_it_predicts(words, called):
    __main__.main(words)
    assert called == [("keypoints.predict.__main__", words, "keypoints predict")]


@pytest.mark.parametrize("words", [[], ["-h"], ["--help"]])
def test_help_lists_every_command(words, called, capsys):
    __main__.main(words)
    said = capsys.readouterr().out
    assert not called and all(f"keypoints {name}" in said for name in __main__.COMMANDS)


@pytest.mark.parametrize("name", __main__.COMMANDS)
def test_every_command_has_its_own_help(name, capsys):
    module = import_module(__main__.COMMANDS[name])
    with pytest.raises(SystemExit) as ended:
        module.command(["--help"], f"keypoints {name}")
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert said.startswith(f"usage: keypoints {name}")
    assert module.__doc__.splitlines()[0] in " ".join(said.split())


def test_it_runs_as_a_module():
    command = [sys.executable, "-m", "keypoints", "nothing.jpg", "--part", "chin"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stdout == ""
    assert (
        done.stderr
        == "error: --part: 'chin' is none of landmarks, face, nose; --weights names a file of your own\n"
    )


def test_who_has_read_enough_gets_no_traceback():
    command = [sys.executable, "-m", "keypoints", "--help"]
    running = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    running.stdout.close()
    assert running.stderr.read() == b""
    running.stderr.close()
    assert running.wait() in (141, -13)
