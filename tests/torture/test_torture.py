"""A short torture: specials and some hundred damaged files for each target, and a few kills."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.torture import attack, kills
from tests.torture.mutations import damaged
from tests.torture.targets import TARGETS

INPUTS, SECONDS = 300, 5.0  # for each target: a minute for all


@pytest.mark.parametrize("name", TARGETS)
def test_damaged_files_are_answered_or_refused_in_one_line(name: str, tmp_path: Path) -> None:
    result = attack.attack(name, 0, SECONDS, INPUTS, tmp_path)
    assert result.faults == [] and result.refused and result.inputs > len(TARGETS[name].specials)


def test_a_fault_would_be_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers that crash, print or litter."""
    import signal

    def crash(path: Path) -> None:
        raise KeyError(path.name)

    def litter(path: Path) -> None:
        path.with_name("left").write_text("half")

    def ramble(path: Path) -> None:
        raise ValueError("one\ntwo")

    for read, says in [(crash, "KeyError"), (litter, "files are left"), (ramble, "not one line")]:
        result = attack.Result()
        (tmp_path / read.__name__).mkdir()
        attack._read(read, tmp_path / read.__name__ / "input", b"data", result)
        assert len(result.faults) == 1 and says in result.faults[0]
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_the_same_seed_gives_the_same_damage() -> None:
    def draw(seed: int) -> list[bytes]:
        rng = random.Random(seed)
        return [damaged(bytes(range(256)) * 4, rng) for _ in range(50)]

    assert draw(1) == draw(1) != draw(2)
    assert all(data != bytes(range(256)) * 4 for data in draw(1)[:5])


def test_killed_stages_give_the_same_bytes_when_they_run_again(tmp_path: Path) -> None:
    killed, faults = kills.attack(0, 3.0, tmp_path / "kills", kills.DATA)
    assert faults == [] and set(killed) <= set(kills.DATA)
