"""Turn an archive into the table of its faces, a Parquet file; and list the files that were left out.

python -m stages.parse imm --archive data/archives/imm --out data/tables/imm.parquet
"""

from __future__ import annotations

import argparse
from pathlib import Path

from keypoints import datasets, errors, files
from keypoints.datasets import face_table
from keypoints.errors import Faults
from keypoints.settings import params


def main(name: str, archive: Path, out: Path, left_out: Path | None) -> None:
    settings = params.load()
    dataset = settings.dataset(name)
    faults = Faults(archive, dataset.max_broken, f"datasets.{name}.max_broken", "pictures")
    if dataset.splits:
        from keypoints.datasets import own

        table, scheme = own.parse(archive, name, dataset.splits, faults)
    else:
        table, scheme = datasets.get(name).parse(archive, settings.seed, faults), None
    face_table.save(out, table, scheme)
    if left_out:
        files.write_csv(left_out, ["file", "why"], faults.broken.items())
    counts = []
    for column in (column for column in table.columns if column.startswith("split_")):
        split = table[column].value_counts()
        shares = ", ".join(f"{split.get(s, 0)} {s}" for s in ("train", "val", "test"))
        counts.append(f"{column.removeprefix('split_')}: {shares}")
    print(f"{name}: {len(table)} faces; {'; '.join(counts)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=errors.summary(__doc__))
    parser.add_argument("dataset")
    parser.add_argument("--archive", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="the table to write")
    parser.add_argument("--left-out", type=Path, help="a CSV of what was left out, and why")
    args = parser.parse_args()
    errors.run(main, args.dataset, args.archive, args.out, args.left_out)
