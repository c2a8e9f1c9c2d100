"""Turn an archive into the table of its faces, a Parquet file.

python -m stages.parse imm --archive data/archives/imm --out data/tables/imm.parquet
"""

from __future__ import annotations

import argparse
from pathlib import Path

from keypoints import datasets, errors, files, params


def main(name: str, archive: Path, out: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    settings = params.load()
    dataset = datasets.get(name)
    table = dataset.parse(archive, settings.seed, settings.profile.max_broken)
    # Without pandas' notes on its version, the bytes depend on the faces (and pyarrow) alone.
    columns = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None)
    with files.whole(out) as part:
        parquet.write_table(columns, part, compression="zstd", write_page_checksum=True)
    counts = []
    for protocol in dataset.SPLITS:
        split = table[f"split_{protocol}"].value_counts()
        counts.append(f"{protocol}: " + ", ".join(f"{split.get(s, 0)} {s}" for s in ("train", "val", "test")))
    print(f"{name}: {len(table)} faces; {'; '.join(counts)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=errors.summary(__doc__))
    parser.add_argument("dataset", choices=datasets.DATASETS)
    parser.add_argument("--archive", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="the table to write")
    args = parser.parse_args()
    errors.run(main, args.dataset, args.archive, args.out)
