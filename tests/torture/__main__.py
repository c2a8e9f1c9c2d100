"""Damaged files on everything that reads files, and kills on the stages: a figure per target.

    python -m tests.torture --seconds 600 --seed 0

Exit status 1 where a fault was found; the input that caused it is named. `make torture` is the same.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from keypoints.reports import markdown
from tests.torture import attack, kills
from tests.torture.targets import TARGETS

FOR_KILLS = 0.6  # of the time


def main(seconds: float, seed: int) -> None:
    folder = Path(tempfile.mkdtemp(prefix="torture-"))
    rows, faults = [], []
    share = seconds * (1 - FOR_KILLS) / len(TARGETS)
    for name in TARGETS:
        result = attack.attack(name, seed, share, 10**9, folder)
        rows.append([name, str(result.inputs), str(result.refused), f"{result.slowest:.1f}"])
        faults += [f"{name}: {fault}" for fault in result.faults]
        print(f"{name}: {result.inputs} inputs, {len(result.faults)} faults", file=sys.stderr)
    killed, found = kills.attack(seed, seconds * FOR_KILLS, folder / "kills")
    print("\n".join(markdown.table(["target", "inputs", "refused", "slowest, s"], rows)), end="\n\n")
    struck = [[name, str(count)] for name, count in sorted(killed.items())]
    print("\n".join(markdown.table(["command", "kills"], [*struck, ["all", str(killed.total())]])))
    for fault in faults + found:
        print(f"fault: {fault}", file=sys.stderr)
    sys.exit(1 if faults or found else 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    main(args.seconds, args.seed)
