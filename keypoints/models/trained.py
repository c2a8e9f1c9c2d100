"""A trained part: net, codec and recipe in one file, and its predictions for crops."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from keypoints import files, models
from keypoints.errors import UserError
from keypoints.landmarks import Scheme
from keypoints.models import codecs
from keypoints.models.codecs.codec import Codec
from keypoints.models.codecs.coordinates import SoftArgmax
from keypoints.models.codecs.distribution import Distribution
from keypoints.models.codecs.heatmap import Heatmap
from keypoints.models.codecs.maps import softmax2d
from keypoints.models.codecs.pca import Pca
from keypoints.models.device import choose_device
from keypoints.settings.recipes import ALL, Part, validate

FORMAT = 1
DOUBTED = 15  # validation faces that `doubt` needs; the percentile of fewer says too little
PLAIN = 12  # convolutions; of a deeper net, only the first layer's filters are worth a picture


def to_input(crops: np.ndarray | Tensor, device: torch.device | str = "cpu") -> Tensor:
    """Crops (N, H, W, C) uint8 -> (N, C, H, W) float32, -0.5…0.5, channels last in memory."""
    if isinstance(crops, np.ndarray):
        crops = torch.from_numpy(crops.copy())  # which may be mirrored, or lie in a file
    batch = crops.to(device, non_blocking=True).permute(0, 3, 1, 2)
    return (batch.float() / 255 - 0.5).contiguous(memory_format=torch.channels_last)


@dataclass
class Trained:
    """A net and its codec, ready to predict.

    scheme:     of the points
    mean_shape: (K, 2) of the training faces, pixels of the crop
    doubt:      the 99th percentile, over validation faces, of the distance between the predictions for a face
                and for its mirror image, % of the eye distance; infinite where it was not measured. Where
                predictions differ more, the crop hardly shows a face
    """

    part: Part
    model: nn.Module
    codec: Codec
    mean_shape: np.ndarray
    scheme: Scheme
    doubt: float = math.inf

    @classmethod
    def new(cls, part: Part, scheme: Scheme | None = None, fresh: bool = True) -> Trained:
        """An untrained part: weights are random, by torch's current seed, or pretrained as the recipe says.

        `scheme` is needed where it comes with the data. Without `fresh`, pretrained weights are not fetched,
        because others will be loaded. Raises `UserError`.
        """
        scheme = part.data.scheme(scheme)
        size = (part.data.crop_size[0], part.data.crop_size[1])
        codec = codecs.build(part.codec, scheme.points, size)
        model = models.build(part.model, codec, part.data.channels, size, fresh)
        shape = np.zeros((scheme.points, 2))
        return cls(part, model.to(memory_format=torch.channels_last), codec, shape, scheme)

    @classmethod
    def load(cls, path: str | Path, part: Part | None = None) -> Trained:
        """Read weights that `save` wrote; nothing in the file is executed.

        With `part`, the file must hold that recipe's net and crop. Raises `UserError`.
        """
        try:
            files.check_seal(path)
            content = torch.load(path, map_location="cpu", weights_only=True)
            if content["format"] != FORMAT:
                raise UserError(f"{path}: format {content['format']}, this program reads {FORMAT}")
            stored = validate(Part, _upgrade(content["part"]))
            if part is not None:
                _check_recipe(path, stored, part)
            scheme = Scheme.from_dict(content["scheme"]) if "scheme" in content else None
            trained = cls.new(stored, scheme, fresh=False)
            trained._restore(content)
        except FileNotFoundError:
            raise UserError(f"{path} is missing: run `dvc repro` or `dvc pull`") from None
        except UserError:
            raise
        except Exception as error:  # torch.load and pickle raise nearly anything for a damaged file
            why = str(error) if type(error) is ValueError else type(error).__name__
            raise UserError(f"{path} is no weights file of this project, or damaged ({why})") from None
        trained.model.to(choose_device()).eval()
        return trained

    def _restore(self, content: dict[str, Any]) -> None:
        """Load what `save` wrote of the weights. Raises ValueError for other shapes or impossible numbers."""
        self.model.load_state_dict(content["model"])
        expected = {**self.codec.state(), "mean shape": torch.from_numpy(self.mean_shape)}
        found = {**content["codec"], "mean shape": content["mean_shape"]}
        if {name: value.shape for name, value in found.items()} != {
            name: value.shape for name, value in expected.items()
        }:
            raise ValueError("the codec's numbers are of another shape")
        if not all(value.isfinite().all() for value in (*self.model.state_dict().values(), *found.values())):
            raise ValueError("weights that are not finite")
        self.codec.restore(content["codec"])
        self.mean_shape = content["mean_shape"].numpy()
        self.doubt = float(content.get("doubt", math.inf))  # older files have none
        if not self.doubt >= 0:
            raise ValueError("a doubt below 0")

    def batches(
        self, crops: np.ndarray, model: nn.Module | None = None, batch: int | None = None
    ) -> Iterator[Tensor]:
        """The float32 outputs of the net (or of `model`, a part of it) for crops (N, H, W, C) uint8.

        `batch` faces at a time; by default 64, or fewer where large maps would fill the memory.
        """
        model = model or self.model
        device = next(model.parameters()).device
        model.eval()
        batch = batch or max(1, min(64, 2**20 // math.prod(self.codec.output_spec.map_size or (1,))))
        for i in range(0, max(1, len(crops)), batch):
            with torch.inference_mode():
                yield model(to_input(crops[i : i + batch], device)).float()

    def outputs(self, crops: np.ndarray, model: nn.Module | None = None, batch: int | None = None) -> Tensor:
        """All `batches` in one."""
        return torch.cat(list(self.batches(crops, model, batch)))

    def points(self, crops: np.ndarray, flip: bool = False) -> np.ndarray:
        """Points (N, K, 2), pixels of the crop, for crops (N, H, W, C) uint8.

        `flip` averages them with those of the mirrored crops, where the scheme has left-right partners.
        """
        found = torch.cat([self.codec.decode(output) for output in self.batches(crops)]).cpu().numpy()
        return (found + self.points_mirrored(crops)) / 2 if flip and self.scheme.flips else found

    def points_mirrored(self, crops: np.ndarray) -> np.ndarray:
        """As `points`, but found in the mirrored crops and mirrored back."""
        mirrored = self.points(crops[:, :, ::-1])
        return self.scheme.mirror(mirrored, crops.shape[2])

    def measure_doubt(self, crops: np.ndarray) -> None:
        """Set `doubt` by the crops (N, H, W, C) uint8 of validation faces."""
        if self.scheme.eyes and self.scheme.flips and len(crops) >= DOUBTED:
            apart = self.scheme.apart(self.points(crops), self.points_mirrored(crops)).mean(-1)
            self.doubt = round(float(np.percentile(apart, 99)), 3)

    def maps(self, crops: np.ndarray) -> np.ndarray | None:
        """Probability maps (N, K, h, w) of nets that have them, else None."""
        if isinstance(self.codec, Heatmap):
            return softmax2d(self.outputs(crops)).cpu().numpy()
        if isinstance(self.model, nn.Sequential) and isinstance(self.model[-1], SoftArgmax):
            return softmax2d(self.outputs(crops, self.model[:-1])).cpu().numpy()
        return None

    @property
    def has_peaks(self) -> bool:
        """Whether its maps were trained as distributions, so that their height tells how sure it is."""
        return isinstance(self.codec, Distribution)

    def points_and_peaks(self, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As `points`, and the peaks (N, K), 0…1, of the points' maps. Needs `has_peaks`."""
        assert isinstance(self.codec, Distribution) and isinstance(self.model, nn.Sequential)
        answers = [self.codec.decode_maps(maps) for maps in self.batches(crops, self.model[:-1])]
        points, peaks = (torch.cat(each).cpu().numpy() for each in zip(*answers, strict=True))
        return points, peaks

    def filters(self) -> list[np.ndarray]:
        """Weights (out, in, kh, kw) of every convolution; of a deep net's first one only."""
        convolutions = [layer for layer in self.model.modules() if isinstance(layer, nn.Conv2d)]
        chosen = convolutions if len(convolutions) <= PLAIN else convolutions[:1]
        return [layer.weight.detach().cpu().numpy() for layer in chosen]

    def components(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Of nets that answer in principal components of the shape: `Pca.shapes`; else None."""
        return self.codec.shapes() if isinstance(self.codec, Pca) else None

    def save(self, path: str | Path, half: bool = False) -> None:
        """Write the file; the same weights give the same bytes. `half`: with 16 bits per number."""
        state = {k: v.detach().cpu().contiguous() for k, v in self.model.state_dict().items()}
        if half:
            state = {k: v.half() if v.is_floating_point() else v for k, v in state.items()}
        recipe = _plain(asdict(self.part))
        del recipe["evaluate"]  # how it is measured does not change the weights
        content = {
            "format": FORMAT,
            "part": recipe,
            "model": state,
            "codec": self.codec.state(),
            "mean_shape": torch.as_tensor(self.mean_shape, dtype=torch.float32),
            "doubt": self.doubt,
        }
        if self.part.data.points == ALL:
            content["scheme"] = self.scheme.as_dict()
        buffer = io.BytesIO()  # torch.save writes a file's name into it: a buffer has none
        torch.save(content, buffer)
        with files.whole(path) as temporary:
            temporary.write_bytes(buffer.getvalue())
            files.seal(temporary)


def _plain(value: Any) -> Any:
    """The same in lists and dicts only, so that `weights_only` reads it."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _upgrade(part: dict[str, Any]) -> dict[str, Any]:
    """A stored recipe with today's keys: in older files `crop_size` is called `size`."""
    data = {"crop_size" if key == "size" else key: value for key, value in part["data"].items()}
    return part | {"data": data}


def _check_recipe(path: str | Path, stored: Part, part: Part) -> None:
    """Raise `UserError` unless both have the same net and crop."""
    # Which faces were trained on, the canvas's margin, and where boxes lie, do not change net and crop.
    same = replace(
        part,
        data=replace(part.data, split=stored.data.split, margin=stored.data.margin, frame=stored.data.frame),
    )
    for block in ("data", "codec", "model"):
        if getattr(stored, block) != getattr(same, block):
            raise UserError(
                f"{path} holds the recipe {stored.recipe!r} with another {block}: run `dvc repro`"
            )
