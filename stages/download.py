"""Get one archive: drawn by the project (profile demo), fetched (profile real), or a person's own folder.

python -m stages.download imm --out data/archives/imm
"""

from __future__ import annotations

import argparse
from pathlib import Path

from keypoints import errors
from keypoints.datasets import downloads
from keypoints.settings import params


def main(name: str, out: Path) -> None:
    settings = params.load()
    dataset = settings.dataset(name)
    if dataset.path != params.DRAWN:
        downloads.take(name, dataset, out)
        return
    if settings.profile.source == "archives" and dataset.file:
        downloads.fetch(name, dataset, settings.profile.mirror, out)
        return

    from keypoints import synthetic

    synthetic.write(name, out, faces=settings.profile.faces[name], seed=settings.seed)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=errors.summary(__doc__))
    parser.add_argument("dataset")
    parser.add_argument("--out", type=Path, required=True, help="the archive to write")
    args = parser.parse_args()
    errors.run(main, args.dataset, args.out)
