"""Puts the shipped weights into the wheel: ONNX files, found by hash in DVC's remote in the repository."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class WeightsHook(BuildHookInterface):
    """Neither DVC nor git is needed, so a downloaded ZIP of the repository builds too."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":  # a checkout reads the remote itself
            return
        pretrained = Path(self.root) / "pretrained"
        for pointer in sorted(pretrained.glob("*.onnx.dvc")):
            found = re.search(r"md5: ([0-9a-f]{32})$", pointer.read_text(encoding="utf-8"), re.MULTILINE)
            md5 = found[1] if found else ""
            stored = pretrained / "store/files/md5" / md5[:2] / md5[2:]
            if not found or hashlib.md5(stored.read_bytes()).hexdigest() != md5:
                raise RuntimeError(f"{pointer.name}: its weights are missing or damaged in pretrained/store")
            build_data["force_include"][str(stored)] = f"keypoints/weights/{pointer.stem}"
