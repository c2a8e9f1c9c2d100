"""Crop a part's faces out of the archive into one tensor file.

python -m stages.preprocess nose --table data/tables/imm.parquet --archive data/archives/imm --out …
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from keypoints import datasets, errors, params
from keypoints.datasets import face_table, tensors
from keypoints.errors import UserError

if TYPE_CHECKING:
    import pandas as pd


def main(name: str, table: Path, archive: Path, out: Path) -> None:
    settings = params.load()
    data = settings.part(name).data
    scheme = datasets.get(data.dataset).SCHEME
    rows = read_table(table)
    faces = tensors.build(rows, archive, data, scheme, settings.profile.max_broken)
    faces.save(out)
    counts = Counter(faces.split.tolist())
    print(f"{name}: {', '.join(f'{counts[s]} {s}' for s in ('train', 'val', 'test'))} -> {out}")


def read_table(path: Path) -> pd.DataFrame:
    """What the parse stage wrote. Raises `UserError`."""
    import pandas as pd

    try:
        rows = pd.read_parquet(path, page_checksum_verification=True)
        face_table.check(rows)
    except Exception as error:  # pyarrow and pandas raise nearly anything for a damaged file
        why = str(error) if type(error) is ValueError else type(error).__name__
        raise UserError(f"{path} is no table of faces ({why}): run `dvc repro`") from None
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=errors.summary(__doc__))
    parser.add_argument("part")
    parser.add_argument("--table", type=Path, required=True)
    parser.add_argument("--archive", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    errors.run(main, args.part, args.table, args.archive, args.out)
