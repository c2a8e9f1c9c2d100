"""How fast faces are cut out of an archive: on all cores, on one, and beside a bare loop of decoding.

    python bench/preparation.py [PART]

Prints ratios, in one run on one machine, of a part whose archive and table `dvc repro` has brought.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from collections.abc import Callable

from keypoints import errors, paths
from keypoints.datasets import archives, face_table, tensors
from keypoints.errors import Faults
from keypoints.pictures import images
from keypoints.reports import markdown
from keypoints.settings import params
from keypoints.system.parallel import cores

TIMES = 3  # of which the quickest counts


def main(name: str) -> None:
    data = params.load().part(name).data
    archive = paths.archive(data.dataset)
    table, _ = face_table.load(paths.table(data.dataset))
    table = table[table[f"split_{data.split}"] != ""].reset_index(drop=True)
    files = set(table["file"])

    def decode() -> None:
        for _, content in archives.members(archive, files.__contains__):
            images.decode(content, data.channels)

    def cut() -> None:
        tensors.cut_all(table, archive, data, Faults(archive, 1.0))

    mine = os.sched_getaffinity(0)
    many = quickest(cut)
    os.sched_setaffinity(0, {min(mine)})
    one, bare = quickest(cut), quickest(decode)
    os.sched_setaffinity(0, mine)
    print(f"{len(files)} pictures of {data.dataset}, {cores()} cores, Python {platform.python_version()}\n")
    rows: list[list[markdown.Cell]] = [
        ["cut on all cores", f"{1000 * many / len(files):.2f}", f"{one / many:.2f}"],
        ["cut on one", f"{1000 * one / len(files):.2f}", "1.00"],
        ["decoded only, on one", f"{1000 * bare / len(files):.2f}", f"{one / bare:.2f}"],
    ]
    print("\n".join(markdown.table(["", "ms per picture", "of the speed on one core"], rows)))


def quickest(call: Callable[[], object]) -> float:
    """Seconds of the quickest of a few calls."""
    found = []
    for _ in range(TIMES):
        start = time.perf_counter()
        call()
        found.append(time.perf_counter() - start)
    return min(found)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=errors.summary(__doc__))
    parser.add_argument("part", nargs="?", default="landmarks")
    errors.run(main, parser.parse_args().part)
