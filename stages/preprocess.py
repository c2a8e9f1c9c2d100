"""Crop a part's faces out of the archive into one tensor file.

python -m stages.preprocess nose --table data/tables/imm.parquet --archive data/archives/imm --out …
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from keypoints import datasets, errors
from keypoints.datasets import face_table, formats, tensors
from keypoints.errors import Faults
from keypoints.settings import params


def main(name: str, table: Path, archive: Path, out: Path) -> None:
    settings = params.load()
    data = settings.part(name).data
    dataset = settings.dataset(data.dataset)
    rows, scheme = face_table.load(table)
    faults = Faults(archive, dataset.max_broken, f"datasets.{data.dataset}.max_broken")
    own = scheme is not None  # a person's own data
    scheme = scheme or datasets.get(data.dataset).SCHEME
    reader = formats.members if own else None
    faces = tensors.build(rows, archive, data, scheme, faults, reader, out.parent)
    faces.save(out)
    counts = Counter(faces.split.tolist())
    print(f"{name}: {', '.join(f'{counts[s]} {s}' for s in ('train', 'val', 'test'))} -> {out}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=errors.summary(__doc__))
    parser.add_argument("part")
    parser.add_argument("--table", type=Path, required=True)
    parser.add_argument("--archive", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    errors.run(main, args.part, args.table, args.archive, args.out)
