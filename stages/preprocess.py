"""Crop a part's faces out of the archive into one tensor file.

python -m stages.preprocess nose --table data/tables/imm.parquet --archive data/archives/imm
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from keypoints import datasets, errors, params, tensors


def main(name: str, table: Path, archive: Path, out: Path) -> None:
    import pandas as pd

    settings = params.load()
    data = settings.part(name).data
    scheme = datasets.get(data.dataset).SCHEME
    rows = pd.read_parquet(table)
    faces = tensors.build(rows, archive, data, scheme, settings.profile.max_broken)
    faces.save(out)
    counts = Counter(faces.split.tolist())
    print(f"{name}: {', '.join(f'{counts[s]} {s}' for s in ('train', 'val', 'test'))} -> {out}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part")
    parser.add_argument("--table", type=Path, required=True)
    parser.add_argument("--archive", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    errors.run(main, args.part, args.table, args.archive, args.out)
