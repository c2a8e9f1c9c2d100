"""Get one archive: drawn by the project (profile demo) or fetched (profile real).

python -m stages.download imm --out data/archives/imm
"""

from __future__ import annotations

import argparse
from pathlib import Path

from keypoints import errors, params
from keypoints.datasets import DATASETS, downloads
from keypoints.errors import UserError


def main(name: str, out: Path) -> None:
    settings = params.load()
    if settings.profile.source == "archives":
        if name not in settings.datasets:
            raise UserError(f"params.yaml: datasets: there is no entry for {name!r}")
        downloads.fetch(name, settings.datasets[name], settings.profile.mirror, out)
        return

    from keypoints import synthetic

    if name not in settings.profile.faces:
        raise UserError(f"params.yaml: profile.faces: say how many to draw for {name!r}")
    synthetic.write(name, out, faces=settings.profile.faces[name], seed=settings.seed)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=errors.summary(__doc__))
    parser.add_argument("dataset", choices=DATASETS)
    parser.add_argument("--out", type=Path, required=True, help="the archive to write")
    args = parser.parse_args()
    errors.run(main, args.dataset, args.out)
