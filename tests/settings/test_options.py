"""Every option of every part composes, builds, trains a step, decodes, saves, loads and draws its net.

The nets' sizes are those of the write-ups. Deep nets train on small crops here, and the U-Net with few
channels: they are built in full too.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from keypoints import compose, crops, paths
from keypoints.errors import Faults, UserError
from keypoints.evaluation.learned import Learned
from keypoints.landmarks import IBUG
from keypoints.models import trained
from keypoints.models.blocks import output_shape
from keypoints.models.trained import Trained
from keypoints.paths import ROOT
from keypoints.plots.part import draw_net
from keypoints.settings.recipes import Part
from keypoints.training import snapshots
from keypoints.training.checkpoints import Checkpoint
from keypoints.training.loop import Loop, Row
from keypoints.training.sampling import Examples
from stages import evaluate, render, submit, train
from tests.recipes import OPTIONS, composed, noise, small

REAL = ROOT.parent / "shared/data/ibug_300W_large_face_landmark_dataset.tar.gz"

PARAMETERS = {  # all, and those that learn
    "nose=zhou": (129_842, 129_842),
    "nose=duan": (21_796, 21_796),
    "face=zhou": (10_458_996, 10_458_996),
    "face=kim": (639_404, 639_404),
    "face=duan": (13_965_816, 13_965_816),
    "landmarks=zhou": (23_780_424, 23_780_424),
    "landmarks=anon": (11_246_280, 8_463_496),
    "landmarks=kim": (11_240_008, 11_240_008),
    "landmarks=duan": (11_240_008, 11_240_008),
    "youtube=sagardia": (9_418_640, 9_418_640),
    "youtube=sagardia_resnet50": (23_786_696, 2048 * 136 + 136),
    "youtube=sagardia_vgg16": (14_714_688 + 25_088 * 136 + 136, 25_088 * 136 + 136),
}


@pytest.fixture(scope="module")
def recipes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Part]:
    return {option: composed(tmp_path_factory.mktemp("recipe"), option) for option in OPTIONS}


def convolutions(net: nn.Module) -> int:
    return sum(isinstance(layer, nn.Conv2d) for layer in net.modules())


@pytest.mark.parametrize("option", OPTIONS)
def test_every_option_learns_a_step_and_comes_back(
    option: str, recipes: dict[str, Part], tmp_path: Path
) -> None:
    part = small(recipes[option])
    few = 14 if part.codec.kind == "pca" else 2  # as many shapes as components, and more
    part = replace(part, train=replace(part.train, batch=few, draws=few, precision="float32", init=None))
    faces = noise(part, train=few)
    torch.manual_seed(1)
    made = Loop(part, faces, 1, seed=1, threads=1).run()
    found = made.points(faces.crops()[:2])
    assert found.shape == (2, made.scheme.points, 2) and np.isfinite(found).all()

    made.save(tmp_path / "a.pt")
    again = Trained.load(tmp_path / "a.pt", part)
    np.testing.assert_array_equal(again.points(faces.crops()[:2]), found)
    crops = faces.crops()
    learned = Learned.of(again, tmp_path / "a.pt", crops, np.ones(len(crops)))
    draw_net(tmp_path / "plots", option, learned, again.scheme)
    drawn = {path.name for path in (tmp_path / "plots").iterdir()}
    every = convolutions(again.model) if convolutions(again.model) <= trained.PLAIN else 1
    expected = {"filters.png"} | {f"filters_{i}.png" for i in range(2, every + 1)}
    assert drawn == expected | ({"components.png"} if part.codec.kind == "pca" else set())


@pytest.mark.parametrize("option", OPTIONS)
def test_every_option_builds_in_full(option: str, recipes: dict[str, Part]) -> None:
    part = recipes[option]
    made = Trained.new(part, fresh=False)
    width, height = part.data.crop_size
    spec = made.codec.output_spec
    shape = output_shape(made.model, (2, part.data.channels, height, width))
    assert shape == (2, spec.count, *(spec.map_size or ()))
    if option in PARAMETERS:
        every = list(made.model.parameters())
        learning = [p.numel() for p in every if p.requires_grad]
        assert (sum(p.numel() for p in every), sum(learning)) == PARAMETERS[option]


@pytest.mark.parametrize("option", OPTIONS)
def test_write_ups_train_by_plain_adam_or_sgd(option: str, recipes: dict[str, Part]) -> None:
    config = recipes[option].train
    if option.split("=")[1] != "best":
        kind = "sgd" if option.endswith("=kim") else "adam"
        assert (config.optimizer, config.weight_decay, config.ema, config.clip) == (kind, 0, 0, None)
        assert config.schedule == ("cosine" if option.endswith("_schedule") else "none")
        assert config.precision == "float32" and not recipes[option].augment.flip


def shapes(part: Part, *kinds: type[nn.Module]) -> list[tuple[int, ...]]:
    """What the layers of these kinds give for one crop, without the batch."""
    net = Trained.new(part, fresh=False).model.eval()
    found: list[tuple[int, ...]] = []
    for layer in net.modules():
        if isinstance(layer, kinds):
            layer.register_forward_hook(lambda layer, given, made: found.append(tuple(made.shape[1:])))
    width, height = part.data.crop_size
    output_shape(net, (1, part.data.channels, height, width))
    return found


def test_shapes_are_those_of_the_write_ups_tables(recipes: dict[str, Part]) -> None:
    nose = shapes(recipes["nose=zhou"], nn.Conv2d, nn.MaxPool2d, nn.Flatten, nn.Linear)
    assert nose[:4] == [(12, 74, 54), (12, 37, 27), (24, 33, 23), (24, 16, 11)]
    assert nose[4:] == [(32, 14, 9), (32, 7, 4), (896,), (128,), (2,)]
    face = shapes(recipes["face=zhou"], nn.Conv2d)
    assert face == [
        (32, 180, 240),
        (64, 90, 120),
        (128, 45, 60),
        (256, 22, 30),
        (512, 11, 15),
        (512, 5, 7),
    ]
    assert shapes(recipes["face=zhou"], nn.Flatten, nn.Linear) == [(3072,), (2048,), (116,)]
    assert shapes(recipes["nose=duan"], nn.Flatten, nn.Linear) == [(64,), (30,), (2,)]
    assert shapes(recipes["nose=duan3"], nn.Flatten) == [(896,)]
    assert shapes(recipes["face=duan"], nn.Flatten, nn.Linear) == [(13_650,), (1000,), (116,)]
    assert shapes(recipes["nose=kim"], nn.Flatten) == [(12_800,)]
    assert shapes(recipes["face=kim"], nn.AdaptiveMaxPool2d)[-1] == (32, 10, 10)
    assert shapes(recipes["heatmaps=kim"], nn.Conv2d)[-1] == (58, 160, 120)
    assert shapes(recipes["youtube=sagardia"], nn.Flatten, nn.Linear) == [(9216,), (1000,), (136,)]
    unet = shapes(recipes["heatmaps=zhou"], nn.AvgPool2d, nn.ConvTranspose2d)
    assert unet == [(256, 8, 8), (256, 56, 56), (128, 112, 112), (128, 224, 224)]
    assert [len(shapes(recipes[f"nose={name}"], nn.Conv2d)) for name in ("anon", "anon2")] == [3, 2]
    assert [len(shapes(recipes[f"nose={name}"], nn.Linear)) for name in ("anon", "anon2")] == [2, 3]


@pytest.mark.parametrize(
    "option, overrides",
    [
        ("nose=zhou", ["nose.train.lr=5e-3", "nose.model.options.channels=[24,28,32]"]),
        ("nose=zhou", ["nose.data.target=tip"]),
        ("nose=anon", ["nose.codec.loss=l1"]),
        ("nose=anon", ["nose.train.lr=1e-4", "nose.train.epochs=20"]),
        ("nose=kim", ["nose.train.lr=0.5"]),
        ("nose=kim", ["+nose.train.profile=true"]),
        ("landmarks=anon", ["landmarks.model.options.pretrained=false"]),
    ],
)
def test_the_readmes_variants_build(option: str, overrides: list[str], tmp_path: Path) -> None:
    assert Trained.new(composed(tmp_path, option, *overrides))


@pytest.mark.parametrize(
    "options, words",
    [
        ({"kernel": [7, 5]}, "kernel: 3 values"),
        ({"norm": "first"}, "norm: 'before' or 'after'"),
        ({"size": [3, 3]}, r"options\.size: plain knows channels"),
        ({"kernel": 99}, "model.options of plain"),
    ],
)
def test_a_wrong_column_is_one_line(options: dict, words: str, recipes: dict[str, Part]) -> None:
    part = recipes["nose=zhou"]
    part = replace(part, model=replace(part.model, options=part.model.options | options))
    with pytest.raises(UserError, match=words) as caught:
        Trained.new(part)
    assert "\n" not in str(caught.value)


def test_the_unet_needs_multiples_of_28(recipes: dict[str, Part]) -> None:
    part = recipes["heatmaps=zhou"]
    part = replace(
        part, data=replace(part.data, crop_size=[128, 128]), model=replace(part.model, options={"width": 2})
    )
    with pytest.raises(UserError, match="multiples of 28"):
        Trained.new(part)


@pytest.mark.parametrize(
    "option",
    ["heatmaps=zhou", "heatmaps=kim", "landmarks=anon_pca", "nose=zhou", "faces=best", "glance=best"],
)
def test_the_stages_make_their_files(
    option: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recipes: dict[str, Part]
) -> None:
    """Train, evaluate and render, as dvc.yaml calls them, with the pictures that are special to a recipe."""
    name = option.split("=")[0]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KEYPOINTS_TRACKING", "off")
    part = small(recipes[option])
    faces = noise(part, train=14)
    epochs = 4 if part.train.snapshots else 1
    overrides = [f"{name}.data.crop_size={part.data.crop_size}", f"{name}.train.epochs={epochs}"]
    overrides += [f"{name}.train.batch=14"]
    if part.model.family == "unet":
        overrides += [f"{name}.codec.map_size={part.data.crop_size}", f"{name}.model.options.width=4"]
    if part.model.family == "backbone":
        overrides += [f"{name}.model.options.pretrained=false"]
    if name == "nose":
        overrides += ["+nose.train.profile=true"]
    if name == "faces":
        overrides += ["faces.train.draws=14"]
    compose.compose(
        [option, "threads=1", *[text.replace(" ", "") for text in overrides]], Path("params.yaml")
    )
    faces.save("faces.npz")
    model = paths.weights(name)
    files = {
        "data": Path("faces.npz"),
        "weights": model,
        "history": paths.history(name),
        "snapshots": paths.snapshots(name),
        "metrics": paths.metrics(name),
        "figures": paths.figures(name),
        "subsets": paths.subsets(name),
        "cumulative": paths.cumulative(name),
        "predictions": paths.predictions(name),
        "learned": paths.learned(name),
    }
    train.main(name, files["data"], model, files["history"], files["snapshots"])
    arguments = argparse.Namespace(part=name, out=paths.plots(name), **files)
    evaluate.main(arguments)
    render.main(arguments)
    whole = model.read_bytes()
    model.write_bytes(whole + b"other")
    with pytest.raises(UserError, match=rf"{name}\.npz is not of the weights in"):
        render.main(arguments)
    model.write_bytes(whole)
    assert all(file.is_file() for file in files.values())

    drawn = {path.stem for path in Path(f"plots/{name}").iterdir()}
    expected = {"samples", "curves", "predictions", "cumulative", "filters"}
    shape = {"point_error", "directions"}
    special = {
        "heatmaps=zhou": {*shape, "heatmaps", "maps", "snapshots"},
        "heatmaps=kim": {*shape, "heatmaps", "maps", *(f"filters_{i}" for i in range(2, 9))},
        "landmarks=anon_pca": {*shape, "components"},
        "nose=zhou": {"filters_2", "filters_3"},
        "faces=best": shape,
        "glance=best": {*shape, "heatmaps", "maps"},
    }
    assert drawn == expected | special[option]
    figures = paths.figures(name).read_text()
    assert ("pca_explained" in figures) == (option == "landmarks=anon_pca")
    traces = [path.name for path in Path(".profiles").glob("*")] if Path(".profiles").exists() else []
    assert traces == (["nose-zhou.json"] if name == "nose" else [])
    if option == "heatmaps=kim":
        settings = Path("params.yaml").read_text().replace("part: landmarks", "part: heatmaps")
        Path("params.yaml").write_text(settings)
        with pytest.raises(UserError, match=r"submission\.part: 'heatmaps' finds imm58, the list has ibug68"):
            submit.main(model, Path("no archive"), Path("kaggle.csv"))


def test_snapshots_survive_a_stop(recipes: dict[str, Part], tmp_path: Path) -> None:
    part = small(recipes["heatmaps=zhou"])
    part = replace(part, train=replace(part.train, snapshots=[0, 2], batch=2))
    faces = noise(part)

    def run(report=lambda row, seconds: None) -> Loop:
        checkpoint = Checkpoint(tmp_path / "run.pt", "same", pause=0)
        loop = Loop(part, faces, 5, 1, 1, checkpoint, report)
        loop.run()
        checkpoint.remove()
        return loop

    whole = run()
    samples = snapshots.sample(Examples(part.augment, IBUG, faces), 0)
    snapshots.save(tmp_path / "whole.npz", whole.snapshots, samples)

    class Stop(Exception):
        pass

    def stop(row: Row, seconds: float) -> None:
        if row["epoch"] == 2:
            raise Stop

    with pytest.raises(Stop):
        run(stop)
    snapshots.save(tmp_path / "resumed.npz", run().snapshots, samples)
    assert (tmp_path / "resumed.npz").read_bytes() == (tmp_path / "whole.npz").read_bytes()
    with np.load(tmp_path / "whole.npz") as kept:
        assert kept["epoch"].tolist() == [0, 2, 4]  # the last one comes by itself
        assert kept["map"].shape == (3, 56, 56) and kept["points"].shape == (3, 68, 2)
        np.testing.assert_allclose(kept["map"].sum((1, 2)), 1, rtol=1e-5)


def test_training_may_use_a_part_of_the_faces(recipes: dict[str, Part]) -> None:
    part = recipes["nose=duan"]
    part = replace(part, train=replace(part.train, faces=5))
    loop = Loop(part, noise(part, train=9), 1, 1, 1)
    loop.run()
    assert len(loop.train_faces) == len(set(loop.train_faces.name)) == loop.draws == 5


def test_zhous_loss_is_a_sum_over_everything(recipes: dict[str, Part]) -> None:
    part = recipes["heatmaps=zhou"]
    codec = Trained.new(small(part)).codec
    output = torch.randn(32, 68, 56, 56)
    target = codec.encode(torch.rand(32, 68, 2) * 56)
    expected = (output.flatten(2).softmax(-1) - target.flatten(2)).square().sum()
    torch.testing.assert_close(codec.loss(output, target), expected, rtol=1e-4, atol=0)


@pytest.mark.skipif(not REAL.exists(), reason="the iBUG archive is not in ../shared/data")
def test_what_twelve_components_really_hold(recipes: dict[str, Part]) -> None:
    """97.6 % of the variance of the real training shapes in our crops; the write-up says 99."""
    from keypoints.datasets import ibug
    from keypoints.models import codecs

    part = recipes["landmarks=anon_pca"]
    table = ibug.parse(REAL, 42, Faults("archive", 0.01))
    table = table[table[f"split_{part.data.split}"] == "train"]
    points = np.stack(table["points"].to_numpy()).reshape(-1, IBUG.points, 2)
    boxes = table[["left", "top", "box_width", "box_height"]].to_numpy()
    matrices = np.stack([crops.affine(crops.square(tuple(box)), (224, 224)) for box in boxes])
    codec = codecs.build(part.codec, IBUG.points, (224, 224))
    codec.fit(torch.from_numpy(crops.apply(matrices, points)).float())
    assert float(codec["explained"]) == pytest.approx(0.976, abs=0.003)
