"""How much memory a large data set takes: a part's faces, again and again, cut out and trained on.

    python bench/memory.py [PART] [FACES]

Prints megabytes, of a part whose archive and table `dvc repro` has brought. Counted is what a process holds
for itself; pages of the tensor file that happen to be in memory are the system's to take back. Linux only.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

from keypoints import datasets, errors, paths
from keypoints.datasets import face_table, tensors
from keypoints.errors import Faults
from keypoints.reports import markdown
from keypoints.settings import params
from keypoints.training.loop import Loop

OFTEN = 0.02  # seconds between two looks at the memory
MIB = 2**20


def main(name: str, count: int) -> None:
    with tempfile.TemporaryDirectory(dir="data") as folder:
        file = Path(folder) / "many.npz"
        rows: list[list[markdown.Cell]] = []
        for what, work in (("cut out", cut), ("trained on, 1,000 of them", train)):
            seconds, most = in_a_process(work, name, count, file)
            rows.append([what, f"{most:.0f}", f"{seconds:.0f}"])
        size = file.stat().st_size / MIB
    print(f"{count:,} faces of {name}, {size:,.0f} MiB of tensors\n")
    print("\n".join(markdown.table(["", "MiB of memory at most", "seconds"], rows)))


def cut(name: str, count: int, file: Path) -> None:
    """The preprocess stage, of a table whose rows come again and again."""
    data = params.load().part(name).data
    archive = paths.archive(data.dataset)
    table, _ = face_table.load(paths.table(data.dataset))
    table = table[table[f"split_{data.split}"] != ""]
    many = table.iloc[[i % len(table) for i in range(count)]].reset_index(drop=True)
    scheme = datasets.get(data.dataset).SCHEME
    tensors.build(many, archive, data, scheme, Faults(archive, 1.0), folder=file.parent).save(file)


def train(name: str, count: int, file: Path) -> None:
    """One epoch of 1,000 faces, and what validation and doubt look at."""
    settings = params.load()
    part = settings.part(name)
    part = replace(part, train=replace(part.train, draws=1_000, snapshots=[], init=None))
    Loop(part, tensors.load(file), 1, 0, settings.threads_of(name)).run()


def in_a_process(work: Callable[..., None], *args: object) -> tuple[float, float]:
    """Seconds that it took, and the most memory, MiB, of a process of its own."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(measure, work, *args).result()


def measure(work: Callable[..., None], *args: object) -> tuple[float, float]:
    """Call `work` while a thread looks at the memory of this process."""
    seen, done = [held()], threading.Event()

    def look() -> None:
        while not done.wait(OFTEN):
            seen.append(held())

    watch = threading.Thread(target=look)
    watch.start()
    start = time.perf_counter()
    try:
        work(*args)
    finally:
        done.set()
        watch.join()
    return time.perf_counter() - start, max(seen) / MIB


def held() -> int:
    """Bytes of memory that this process has for itself."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return 1024 * int(line.split()[1])
    raise RuntimeError("the system does not say how much memory a process holds")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=errors.summary(__doc__))
    parser.add_argument("part", nargs="?", default="landmarks")
    parser.add_argument("faces", nargs="?", type=int, default=100_000)
    args = parser.parse_args()
    errors.run(main, args.part, args.faces)
