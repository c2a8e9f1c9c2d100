"""What computes points from crops: ONNX Runtime, or torch for weights files of the pipeline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from keypoints import files
from keypoints.errors import UserError, import_extra
from keypoints.landmarks import SCHEMES, Scheme
from keypoints.predict.framing import Framing

if TYPE_CHECKING:
    import onnxruntime

    from keypoints.models.trained import Trained
    from keypoints.settings.recipes import Part


class Net(Protocol):
    """A trained net: what it needs to see, and its predictions."""

    @property
    def scheme(self) -> Scheme: ...

    @property
    def framing(self) -> Framing: ...

    @property
    def doubt(self) -> float:
        """See `models.trained.Trained`; infinite if it was not measured."""

    @property
    def has_peaks(self) -> bool:
        """Whether it tells how high the points' maps are: of the codec `distribution`, if the file has it."""

    def points(self, crops: np.ndarray) -> np.ndarray:
        """Points (N, K, 2), pixels of the crop, for crops (N, H, W, C) uint8."""

    def points_and_peaks(self, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As `points`, and peaks (N, K), 0…1: the highest probability of each map. Needs `has_peaks`."""


class OnnxNet:
    """A file that `keypoints export` wrote, run by ONNX Runtime on the CPU.

    Raises `UserError` for another file, and where ONNX Runtime is not installed.
    """

    def __init__(self, path: Path, threads: int | None = None) -> None:
        try:
            files.check_seal(path)
            self.session = open_session(path, threads)
            about = self.session.get_modelmeta().custom_metadata_map
            width, height = json.loads(about["size"])
            side, right, down = json.loads(about.get("frame", "[1, 0, 0]"))  # older files have none
            seen = about["region"], float(about["scale"]), (width, height), about["mode"]
            self.framing = Framing(*seen, (float(side), float(right), float(down)))
            stored = about.get("marking")
            self.scheme = Scheme.from_dict(json.loads(stored)) if stored else SCHEMES[about["scheme"]]
            self.doubt = float(about.get("doubt", "inf"))
            self.has_peaks = "peaks" in [output.name for output in self.session.get_outputs()]
        except Exception as error:  # ONNX Runtime raises kinds of its own for what it cannot read
            reason = f"{type(error).__name__}: {path.name}"
            raise UserError(f"{path} is no ONNX file of this project, or damaged ({reason})") from None

    def points(self, crops: np.ndarray) -> np.ndarray:
        (found,) = self.session.run(["points"], {"crops": np.ascontiguousarray(crops)})
        return found

    def points_and_peaks(self, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found, peaks = self.session.run(["points", "peaks"], {"crops": np.ascontiguousarray(crops)})
        return found, peaks


def open_session(path: Path, threads: int | None = None) -> onnxruntime.InferenceSession:
    """An ONNX Runtime session on the CPU that does not log warnings; `threads` per call, None: all cores."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads or 0  # 0: all cores
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


class TorchNet:
    """A weights file of the pipeline, `models/<part>.pt`, run by torch.

    `part`: the recipe that the file must hold, if any. Raises `UserError` for another file or recipe, for an
    unknown device, and where torch is not installed.
    """

    def __init__(self, path: Path, device: str | None = None, part: Part | None = None) -> None:
        import_extra("train", "torch", "pydantic")
        from keypoints.models.trained import Trained

        self.trained: Trained = Trained.load(path, part)
        try:
            if device:
                self.trained.model.to(device)
        except (RuntimeError, AssertionError) as error:  # AssertionError: a torch without CUDA
            raise UserError(f"--device {device}: {str(error).splitlines()[0]}") from None
        self.framing = Framing.of(self.trained.part.data)
        self.doubt = self.trained.doubt
        self.has_peaks = self.trained.has_peaks

    @property
    def scheme(self) -> Scheme:
        return self.trained.scheme

    def points(self, crops: np.ndarray) -> np.ndarray:
        return self.trained.points(np.ascontiguousarray(crops))

    def points_and_peaks(self, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self.trained.points_and_peaks(np.ascontiguousarray(crops))


def load(path: Path, device: str | None = None, threads: int | None = None) -> Net:
    """The net in a file, by its content: an ONNX file, or weights of the pipeline. Raises `UserError`."""
    if not path.is_file():
        raise UserError(f"{path} is missing: name a models/<part>.pt or an ONNX file of this project")
    with open(path, "rb") as file:
        is_torch = file.read(4) == b"PK\x03\x04"  # a zip
    if not is_torch:
        if device not in (None, "cpu"):
            raise UserError(f"--device {device}: ONNX files run on the cpu; name a models/<part>.pt")
        return OnnxNet(path, threads)
    return TorchNet(path, device)
