"""Many clients at once on the page's server: answers, waits and memory.

    python bench/page_load.py --clients 64 --seconds 600

Starts `keypoints app` and uploads the astronaut of scikit-image again and again. Prints how often each status
came, and the server's memory after a minute and at the end: it should be flat. Linux only.
"""

from __future__ import annotations

import argparse
import io
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import httpx2
import numpy as np
import skimage
from PIL import Image

WARM = 60  # seconds, after which the memory has grown to what it needs


def main(clients: int, seconds: float) -> None:
    server = subprocess.Popen(
        [sys.executable, "-m", "keypoints.app", "--port", "0"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        url = server.stdout.readline().split()[0]
        statuses, waits = upload(url, clients, seconds, server.pid)
    finally:
        server.terminate()
        server.wait()
    counts = ", ".join(f"{count} x {status}" for status, count in sorted(statuses.items(), key=str))
    middle, worst = np.percentile(waits or [0], [50, 100])
    print(f"{clients} clients, {seconds:.0f} s: {counts}; {middle:.1f} s, at most {worst:.1f} s each")


def upload(url: str, clients: int, seconds: float, pid: int) -> tuple[Counter[str], list[float]]:
    """How often each answer came, and how long each took, seconds; prints the memory of the server."""
    picture = astronaut()
    end = time.monotonic() + seconds
    statuses: Counter[str] = Counter()
    waits: list[float] = []

    def client() -> None:
        with httpx2.Client(timeout=None) as session:
            while (start := time.monotonic()) < end:
                try:
                    statuses[str(session.post(f"{url}/api/faces", content=picture).status_code)] += 1
                except httpx2.HTTPError as error:
                    statuses[type(error).__name__] += 1
                waits.append(time.monotonic() - start)

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    time.sleep(min(WARM, seconds / 2))
    print(f"{memory(pid)} MiB when warm")
    for thread in threads:
        thread.join()
    print(f"{memory(pid)} MiB at the end")
    return statuses, waits


def astronaut() -> bytes:
    file = io.BytesIO()
    Image.fromarray(skimage.data.astronaut()).save(file, "JPEG")
    return file.getvalue()


def memory(pid: int) -> int:
    """MiB of a process that lie in memory."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) >> 10


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=600)
    args = parser.parse_args()
    main(args.clients, args.seconds)
