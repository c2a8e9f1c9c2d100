"""A trained part as one ONNX graph: crops as bytes in, points in pixels of the crop out.

A net of the codec `distribution` gives its maps' peaks as well, a detector all faces of a picture.

Normalisation, net and codec are in the graph, and its metadata say what a crop is, so that a program
needs ONNX Runtime, NumPy and Pillow and neither torch nor this project.
"""

from __future__ import annotations

import copy
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from keypoints import files
from keypoints.errors import UserError
from keypoints.models.codecs.centres import Centres
from keypoints.models.codecs.distribution import Distribution
from keypoints.models.trained import Trained, to_input
from keypoints.predict.framing import Framing
from keypoints.predict.runtimes import open_session
from keypoints.settings.recipes import ALL

if TYPE_CHECKING:
    import onnx

TOLERANCE = 1e-3  # pixels of the crop that ONNX Runtime and torch may differ by
LARGE = 64  # numbers; smaller weights are not worth a cast
MOST = 64  # faces that a detector returns at most, sure or not
CHECKED = (1, 3)  # numbers of random crops that both answer


class Graph(nn.Module):
    """Crops (N, H, W, C) uint8 -> points (N, K, 2) float32, pixels of the crop."""

    outputs: tuple[str, ...] = ("points",)

    def __init__(self, trained: Trained) -> None:
        super().__init__()
        self.net = replace_layers(copy.deepcopy(trained.model))
        self.codec = trained.codec
        self.eval()

    def forward(self, crops: Tensor) -> Tensor:
        return self.codec.decode(self.net(to_input(crops)).float())


class PeaksGraph(Graph):
    """Crops -> points, and peaks (N, K) float32, 0…1, of their maps; of the codec `distribution`."""

    outputs = "points", "peaks"

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        assert isinstance(self.codec, Distribution) and isinstance(self.net, nn.Sequential)
        return self.codec.decode_maps(self.net[:-1](to_input(crops)))


class DetectorGraph(Graph):
    """Pictures (N, H, W, C) uint8 -> the points of each one's surest face, and all faces (N, MOST, 5).

    Those are surest first, as `Centres.find` gives them; sides are multiples of 32 pixels.
    """

    outputs = "points", "faces"

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        assert isinstance(self.codec, Centres)
        found = self.codec.find(self.net(to_input(crops)).float(), MOST)
        return found[:, 0, :4].unflatten(1, (2, 2)), found


class AdaptiveMax(nn.Module):
    """`nn.AdaptiveMaxPool2d`, which ONNX lacks, by operations that it has; the same answer.

    Cells overlap where they do not divide the image: every cell gathers its own rows (then columns).
    """

    def __init__(self, cells: tuple[int, int]) -> None:
        super().__init__()
        self.cells = cells

    def forward(self, x: Tensor) -> Tensor:
        for axis, cells in zip((2, 3), self.cells, strict=True):
            places = cell_pixels(x.shape[axis], cells)
            x = x.index_select(axis, places.flatten()).unflatten(axis, tuple(places.shape)).amax(axis + 1)
        return x


def cell_pixels(pixels: int, cells: int) -> Tensor:
    """The pixels (cells, most) that each of `cells` adaptive cells covers; a short one repeats its last."""
    edges = [(i * pixels // cells, -(-(i + 1) * pixels // cells)) for i in range(cells)]
    most = max(end - start for start, end in edges)
    return torch.tensor([[min(start + k, end - 1) for k in range(most)] for start, end in edges])


def replace_layers(net: nn.Module) -> nn.Module:
    """The net with each layer that ONNX lacks replaced."""
    for name, child in net.named_children():
        if isinstance(child, nn.AdaptiveMaxPool2d):
            size: Any = child.output_size
            setattr(net, name, AdaptiveMax((size, size) if isinstance(size, int) else tuple(size)))
        else:
            replace_layers(child)
    return net


def metadata(trained: Trained, part: str) -> dict[str, str]:
    """What a program has to know about the graph, as text; lists are JSON.

    names: of the points. size: [width, height] of the crop; mode: of the Pillow image it is cut from.
    view: what the crop shows of a face in the box (0, 0, 1, 1), so in sides of its box, as left, top,
    width, height; region, scale and frame say the same in the words of params.yaml. doubt: see `Trained`.
    marking: the scheme as `Scheme.as_dict` has it, where it came with the data.
    """
    framing = Framing.of(trained.part.data)
    own = trained.part.data.points == ALL
    return {
        "part": part,
        "recipe": trained.part.recipe,
        "scheme": trained.scheme.name,
        "names": json.dumps(trained.scheme.names()),
        "size": json.dumps(framing.size),
        "mode": framing.mode,
        "region": framing.region,
        "scale": str(framing.scale),
        "frame": json.dumps(framing.frame),
        "doubt": str(trained.doubt),
        "view": json.dumps([round(v, 6) for v in framing.view((0.0, 0.0, 1.0, 1.0))]),
        **({"marking": json.dumps(trained.scheme.as_dict())} if own else {}),
    }


def save(trained: Trained, part: str, path: str | Path, half: bool = False) -> float:
    """Write the graph, and return by how many pixels of the crop it differs from torch.

    `half`: weights with 16 bits per number in the file, computed with 32; exact for weights that had 16.

    Raises `UserError`, and leaves no file, where that is more than TOLERANCE or ONNX cannot express the net.
    """
    import onnx

    trained = replace(trained, model=copy.deepcopy(trained.model).cpu())  # a GPU rounds otherwise
    # Batch norms merged into convolutions would not fit into 16 bits; ONNX Runtime merges them at load.
    made = build_graph(trained, random_crops(trained, 2), merge=not half)
    onnx.helper.set_model_props(made, metadata(trained, part))
    if half:
        halve_weights(made)
    with files.whole(path) as temporary:
        onnx.save(made, temporary)
        files.seal(temporary)
        differs = largest_difference(temporary, trained)
        if not differs <= TOLERANCE:
            raise UserError(f"{path}: ONNX Runtime differs from torch by {differs:.2g} px: not written")
    return differs


def build_graph(trained: Trained, example: np.ndarray, merge: bool = True) -> onnx.ModelProto:
    """The graph for any number of crops like `example` (N, H, W, C), of any size for a detector.

    `merge` layers that follow each other. Raises `UserError`.
    """
    from onnxscript.optimizer import fold_constants

    detects = isinstance(trained.codec, Centres)
    graph = (DetectorGraph if detects else PeaksGraph if trained.has_peaks else Graph)(trained)
    shape: dict[int, Any] = {0: torch.export.Dim("faces")}
    if detects:
        shape |= {1: 32 * torch.export.Dim("rows", max=256), 2: 32 * torch.export.Dim("columns", max=256)}
    try:
        program = torch.onnx.export(
            graph,
            (torch.from_numpy(example),),
            dynamo=True,
            input_names=["crops"],
            output_names=list(graph.outputs),
            dynamic_shapes={"crops": shape},
            verbose=False,
            optimize=merge,
        )
    except torch.onnx.OnnxExporterError as error:
        why = str(error.__cause__ or error).strip().splitlines()[0]
        raise UserError(f"ONNX cannot express this net: {why}") from None
    assert program is not None  # as ever with `dynamo`
    fold_constants(program.model)  # else ONNX Runtime takes a batch norm's numbers for computed, and keeps it
    made = program.model_proto
    made.ClearField("metadata_props")
    for item in (*made.graph.node, *made.graph.initializer, *made.graph.value_info, made.graph):
        item.ClearField("metadata_props")  # stack traces, with the paths of the machine that exports
    return made


def halve_weights(model: onnx.ModelProto) -> None:
    """Store large weights that fit into float16 so, and let the graph cast them back, once, at load."""
    import onnx

    casts = []
    for tensor in model.graph.initializer:
        if tensor.data_type != onnx.TensorProto.FLOAT or math.prod(tensor.dims) < LARGE:
            continue
        name = tensor.name
        values = onnx.numpy_helper.to_array(tensor)
        half = values.astype(np.float16)
        if not np.array_equal(half, values):  # it never had 16 bits: what a codec learned, a constant
            continue
        tensor.CopyFrom(onnx.numpy_helper.from_array(half, f"{name}_half"))
        casts.append(onnx.helper.make_node("Cast", [tensor.name], [name], to=onnx.TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def largest_difference(path: Path, trained: Trained) -> float:
    """The largest distance, pixels of the crop, between the file's answers and torch's; also of peaks."""
    session = open_session(path)
    names = [output.name for output in session.get_outputs() if output.name in ("points", "peaks")]
    worst = []
    for count in CHECKED:
        crops = random_crops(trained, count)
        expected = trained.points_and_peaks(crops) if trained.has_peaks else (trained.points(crops),)
        for found, right in zip(session.run(names, {"crops": crops}), expected, strict=True):
            worst.append(float(np.abs(found - right).max()) if found.shape == right.shape else np.inf)
    return max(worst)


def random_crops(trained: Trained, count: int) -> np.ndarray:
    """Random crops (count, H, W, C) uint8, the same ones every time."""
    width, height = trained.part.data.crop_size
    shape = (count, height, width, trained.part.data.channels)
    return np.random.default_rng(count).integers(0, 256, shape, dtype=np.uint8)
