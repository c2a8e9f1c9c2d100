"""The weights that come with the project, found by their hash: in the installed package, or in a checkout.

A wheel has them as ONNX files. A checkout keeps them in DVC's remote inside the repository, pretrained/store,
where a file lies under the hash that its pointer (pretrained/<part>.onnx.dvc) names: neither DVC nor git is
needed to read it. `make release` puts them there (reports/release).
"""

from __future__ import annotations

from pathlib import Path

from keypoints import files
from keypoints.errors import UserError, import_extra
from keypoints.paths import ROOT

PACKAGED = Path(__file__).parent / "weights"
FOLDER, STORE = ROOT / "pretrained", ROOT / "pretrained/store/files/md5"
PARTS = ("landmarks", "face", "nose")  # what finds points
SHIPPED = (*PARTS, "faces", "glance")  # and where faces are, and how they lie there


def file(part: str, kind: str = "onnx") -> Path:
    """The file of a part's weights: "onnx", or "pt" in a checkout only.

    Raises `UserError` for an unknown part, and for a file that is missing or damaged.
    """
    if part not in SHIPPED:
        raise UserError(f"--part: {part!r} is none of {', '.join(PARTS)}; --weights names a file of your own")
    packaged = PACKAGED / f"{part}.{kind}"
    return packaged if packaged.is_file() else stored(FOLDER / f"{part}.{kind}.dvc")


def stored(pointer: Path) -> Path:
    """The file in the store that a pointer of DVC's names. Raises `UserError`."""
    import_extra("train", "yaml")  # a checkout without its environment
    import yaml

    try:
        md5 = yaml.safe_load(pointer.read_text(encoding="utf-8"))["outs"][0]["md5"]
        path = STORE / md5[:2] / md5[2:]
        if files.digest(path, "md5") == md5:
            return path
    except (OSError, ValueError, LookupError, TypeError, yaml.YAMLError):
        pass
    raise UserError(f"the weights {pointer.stem} are missing or damaged in {STORE}: get the project again")
