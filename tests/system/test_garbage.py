"""Programs import and end without the garbage collector, and work with it."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest

from keypoints.paths import ROOT
from keypoints.system import garbage


def run(*command: str) -> str:
    made = subprocess.run([sys.executable, *command], capture_output=True, text=True, cwd=ROOT, check=True)
    return made.stdout.strip()


@pytest.mark.parametrize("was_on", [True, False])
def test_the_collector_rests_for_a_block_of_imports(was_on: bool) -> None:
    try:
        if not was_on:
            gc.disable()
        with pytest.raises(ValueError), garbage.resting():
            assert not gc.isenabled()
            raise ValueError
        assert gc.isenabled() == was_on
    finally:
        gc.enable()
    assert gc.get_freeze_count() == 0


def test_a_stage_imports_without_and_works_with_it() -> None:
    said = (
        "import gc; from keypoints import errors; say = lambda: print(gc.isenabled()); say(); errors.run(say)"
    )
    assert run("-c", f"import sys; sys.argv = ['-m']; import stages; {said}") == "False\nTrue"
    assert run("-c", f"import stages; {said}") == "True\nTrue"  # imported by another program


def test_nothing_is_looked_through_at_the_end() -> None:
    """What is frozen is never collected, so the cycle is not found; without `run` it is."""
    cycle = "class C:\n  def __del__(self): print('found')\nc = C(); c.c = c; del c\n"
    assert run("-c", cycle) == "found"
    assert run("-c", f"from keypoints import errors\nerrors.run(lambda: None)\n{cycle}") == ""
