"""A weights file gives the same net back, runs no code, and is refused in words when it is none."""

from __future__ import annotations

import io
import pickle
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keypoints.errors import UserError
from keypoints.landmarks import Scheme
from keypoints.models.trained import PLAIN, Trained, to_input
from keypoints.settings.recipes import Codec, Evaluate
from tests.nets import COORDINATES, HEATMAP, build, crops, recipe


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "a.pt"
    build().save(path)
    return path


@pytest.mark.parametrize("codec", [COORDINATES, HEATMAP], ids=["coordinates", "heatmap"])
@pytest.mark.parametrize("channels", [1, 3])
def test_what_is_loaded_predicts_the_same(codec: Codec, channels: int, tmp_path: Path) -> None:
    made, faces = build(codec, channels), crops(channels=channels)
    made.save(tmp_path / "new" / "a.pt")
    again = Trained.load(tmp_path / "new" / "a.pt", made.part)
    np.testing.assert_array_equal(again.points(faces), made.points(faces))
    np.testing.assert_array_equal(again.points(faces, flip=True), made.points(faces, flip=True))
    np.testing.assert_array_equal(again.maps(faces), made.maps(faces))
    np.testing.assert_allclose(again.mean_shape, made.mean_shape, rtol=1e-6)
    assert again.part == made.part
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.pt"]


def test_the_codecs_state_is_saved(tmp_path: Path) -> None:
    made = build()
    made.codec.state = lambda: {"mean": torch.arange(3.0)}
    made.save(tmp_path / "a.pt")
    content = torch.load(tmp_path / "a.pt", weights_only=True)
    torch.testing.assert_close(content["codec"]["mean"], torch.arange(3.0))


def test_the_same_weights_are_the_same_bytes(tmp_path: Path, saved: Path) -> None:
    build().save(tmp_path / "another_name.pt")
    assert (tmp_path / "another_name.pt").read_bytes() == saved.read_bytes()
    Trained.load(saved).save(tmp_path / "reloaded.pt")
    assert (tmp_path / "reloaded.pt").read_bytes() == saved.read_bytes()
    build(seed=1).save(tmp_path / "b.pt")
    assert (tmp_path / "b.pt").read_bytes() != saved.read_bytes()


def test_points_do_not_depend_on_the_batch() -> None:
    made, faces = build(), crops(7)
    together = made.codec.decode(made.outputs(faces, batch=7)).numpy()
    apart = made.codec.decode(made.outputs(faces, batch=2)).numpy()
    np.testing.assert_allclose(apart, together, atol=1e-3)
    assert together.shape == (7, 68, 2)


@pytest.mark.parametrize("codec", [COORDINATES, HEATMAP], ids=["coordinates", "heatmap"])
def test_flip_averaging_follows_a_mirror(codec: Codec) -> None:
    made, faces = build(codec), crops()
    found = made.points(faces, flip=True)
    mirrored = made.points(np.ascontiguousarray(faces[:, :, ::-1]), flip=True)
    back = mirrored[:, list(made.scheme.partners)]
    back[..., 0] = 47 - back[..., 0]
    np.testing.assert_allclose(back, found, atol=1e-3)
    assert np.abs(found - made.points(faces)).max() > 1e-2


@pytest.mark.parametrize("codec", [COORDINATES, HEATMAP], ids=["coordinates", "heatmap"])
def test_maps_are_where_the_points_are(codec: Codec) -> None:
    made = build(codec)
    maps = made.maps(crops())
    assert maps.shape == (5, 68, 8, 12)
    np.testing.assert_allclose(maps.sum((2, 3)), 1, rtol=1e-5)
    x = (maps.sum(2) * (np.arange(12) + 0.5)).sum(-1) * 4 - 0.5
    np.testing.assert_allclose(made.points(crops())[..., 0], x, atol=1e-2)


def test_inputs_are_centred_and_keep_their_place() -> None:
    pixels = np.arange(2 * 3 * 4 * 3, dtype=np.uint8).reshape(2, 3, 4, 3)
    made = to_input(pixels)
    assert made.shape == (2, 3, 3, 4) and made.dtype == torch.float32
    np.testing.assert_allclose(made.numpy(), pixels.transpose(0, 3, 1, 2) / 255 - 0.5, atol=1e-6)


def test_filters_are_every_convolutions_and_a_deep_nets_first_ones() -> None:
    made = build(channels=3)
    shapes = [layer.shape for layer in made.filters()]
    assert shapes[:2] == [(4, 3, 3, 3), (8, 4, 3, 3)] and len(shapes) == PLAIN
    made.model.append(torch.nn.Conv2d(1, 1, 1))
    assert [layer.shape for layer in made.filters()] == [(4, 3, 3, 3)]


def test_no_crops_have_no_points() -> None:
    assert build().points(crops(0)).shape == (0, 68, 2)


@pytest.mark.parametrize(
    "changed",
    [{"data": {"crop_size": [32, 48]}}, {"data": {"channels": 3}}, {"codec": {"scale": 10.0}}]
    + [{"model": {"options": {"widths": [8, 16]}}}],
    ids=str,
)
def test_another_recipes_weights_are_refused(changed: dict, saved: Path) -> None:
    ((block, values),) = changed.items()
    part = recipe()
    other = replace(part, **{block: replace(getattr(part, block), **values)})
    assert Trained.load(saved, part).part == part
    with pytest.raises(UserError, match=f"'small' with another {block}: run"):
        Trained.load(saved, other)


def test_how_it_is_measured_is_not_in_the_file(saved: Path, tmp_path: Path) -> None:
    made = build()
    made.part = replace(made.part, evaluate=Evaluate(flip=True))
    made.save(tmp_path / "flip.pt")
    assert (tmp_path / "flip.pt").read_bytes() == saved.read_bytes()
    assert "evaluate" not in torch.load(saved, weights_only=True)["part"]
    assert Trained.load(tmp_path / "flip.pt", made.part).part.evaluate == Evaluate()


def test_older_files_hold_how_they_are_measured(saved: Path, tmp_path: Path) -> None:
    content = torch.load(saved, weights_only=True)
    content["part"]["evaluate"] = {"flip": True}
    (tmp_path / "old.pt").write_bytes(packed(content))
    assert Trained.load(tmp_path / "old.pt").part.evaluate.flip


def test_older_files_call_the_crops_size_by_its_old_name(saved: Path, tmp_path: Path) -> None:
    content = torch.load(saved, weights_only=True)
    content["part"]["data"]["size"] = content["part"]["data"].pop("crop_size")
    (tmp_path / "old.pt").write_bytes(packed(content))
    assert Trained.load(tmp_path / "old.pt").part == recipe()


def packed(content: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return buffer.getvalue()


def a_zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("a.txt", "hello")
    return buffer.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"no weights at all\n" * 9, id="text"),
        pytest.param(bytes(500), id="zeros"),
        pytest.param(a_zip(), id="zip"),
        pytest.param(packed([1, 2]), id="list"),
        pytest.param(packed({}), id="nothing in it"),
        pytest.param(packed({"format": 99}), id="another format"),
        pytest.param(packed({"format": 1, "part": 3}), id="no recipe"),
        pytest.param(packed({"format": 1, "part": {"recipe": torch.zeros(2)}}), id="tensor as recipe"),
        pytest.param(b"X\x01\0\0\0\xff.", id="binary"),
        pytest.param(packed(torch.zeros(3)), id="a tensor"),
        pytest.param(0.5, id="cut in half"),
        pytest.param(0.999, id="cut near its end"),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_what_is_no_weights_file_is_refused_in_one_line(
    data: bytes | float, tmp_path: Path, saved: Path
) -> None:
    whole = saved.read_bytes()
    path = tmp_path / "b.pt"
    path.write_bytes(whole[: int(data * len(whole))] if isinstance(data, float) else data)
    with pytest.raises(UserError, match=r"b\.pt") as caught:
        Trained.load(path)
    assert "\n" not in str(caught.value)


def test_every_flipped_bit_is_found(tmp_path: Path, saved: Path) -> None:
    path, whole = tmp_path / "b.pt", saved.read_bytes()
    for bit in np.random.default_rng(0).integers(0, 8 * len(whole), 200).tolist():
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        with pytest.raises(UserError, match="damaged"):
            Trained.load(path)


def test_files_of_older_versions_carry_no_digest(tmp_path: Path, saved: Path) -> None:
    (tmp_path / "old.pt").write_bytes(packed(torch.load(saved, weights_only=True)))
    np.testing.assert_array_equal(
        Trained.load(tmp_path / "old.pt").points(crops()), Trained.load(saved).points(crops())
    )


@pytest.mark.parametrize(
    "change, says",
    [
        (lambda c: next(iter(c["model"].values())).fill_(np.nan), "not finite"),
        (lambda c: c["mean_shape"].fill_(np.inf), "not finite"),
        (lambda c: c.update(mean_shape=torch.zeros(3, 2)), "another shape"),
        (lambda c: c.update(codec={"mean": torch.zeros(2)}), "another shape"),
        (lambda c: c.update(doubt=float("nan")), "a doubt"),
        (lambda c: c["part"]["data"].update(crop_size=[6000, 6000]), "ValidationError"),
        (lambda c: c["part"]["model"]["options"].update(widths=[8] * 10**5), "more than 5000 layers"),
    ],
    ids=["nan weights", "infinite shape", "few points", "codec", "doubt", "crops", "levels"],
)
def test_numbers_of_no_training_are_refused(change, says: str, tmp_path: Path, saved: Path) -> None:
    content = torch.load(saved, weights_only=True)
    change(content)
    (tmp_path / "b.pt").write_bytes(packed(content))
    with pytest.raises(UserError, match=says) as error:
        Trained.load(tmp_path / "b.pt")
    assert "\n" not in str(error.value)


@pytest.mark.filterwarnings("ignore")
def test_noise_raises_nothing_but_user_errors(tmp_path: Path) -> None:
    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(st.binary(max_size=60))
    def check(data: bytes) -> None:
        (tmp_path / "b.pt").write_bytes(data)
        with pytest.raises(UserError):
            Trained.load(tmp_path / "b.pt")

    check()


def test_missing_weights_say_how_to_make_them(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none\.pt is missing: run `dvc repro`"):
        Trained.load(tmp_path / "none.pt")


class Attack:
    """Unpickled the careless way, this writes a file."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self):
        return Path.write_text, (self.target, "executed")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("wrap", [pickle.dumps, packed], ids=["pickle", "torch"])
def test_code_in_a_file_is_not_executed(wrap, tmp_path: Path) -> None:
    mark, path = tmp_path / "mark", tmp_path / "b.pt"
    pickle.loads(pickle.dumps(Attack(mark)))
    assert mark.exists(), "the attack itself must work, or the test shows nothing"
    mark.unlink()
    path.write_bytes(wrap({"format": 1, "part": Attack(mark)}))
    with pytest.raises(UserError) as caught:
        Trained.load(path)
    assert not mark.exists() and "\n" not in str(caught.value)


def test_the_refusal_does_not_teach_the_unsafe_way(tmp_path: Path) -> None:
    path = tmp_path / "b.pt"
    path.write_bytes(packed({"format": 1, "part": Attack(tmp_path / "mark")}))
    with pytest.raises(UserError) as caught:
        Trained.load(path)
    assert "weights_only" not in str(caught.value) and "\x1b" not in str(caught.value)


NAMED = Scheme("named", {"all": (0, 1)}, ((0, 1),), (1, 0), None, ("left", "right"))


def named(scheme: Scheme = NAMED, codec: Codec = COORDINATES) -> Trained:
    part = recipe(codec)
    return Trained.new(replace(part, data=replace(part.data, points="all")), scheme)


@pytest.mark.parametrize("codec", [COORDINATES, HEATMAP], ids=["coordinates", "heatmap"])
def test_a_scheme_that_came_with_the_data_travels_in_the_weights(codec: Codec, tmp_path: Path) -> None:
    made = named(codec=codec)
    made.save(tmp_path / "a.pt")
    again = Trained.load(tmp_path / "a.pt")
    assert again.scheme == NAMED and again.scheme.names() == ["left", "right"]
    assert again.points(crops()).shape == (5, 2, 2)


@pytest.mark.parametrize("stored", [None, {}, {"name": "x"}, {**NAMED.as_dict(), "partners": [5, 0]}])
def test_weights_with_a_broken_scheme_are_refused(stored: object, tmp_path: Path) -> None:
    named().save(tmp_path / "a.pt")
    content = torch.load(tmp_path / "a.pt", weights_only=True)
    content["scheme"] = stored
    torch.save(content, tmp_path / "a.pt")
    with pytest.raises(UserError, match=r"a\.pt"):
        Trained.load(tmp_path / "a.pt")


def test_without_known_partners_no_mirror_image_is_asked() -> None:
    made, faces = named(replace(NAMED, partners=(0, 1), flips=False)), crops()
    np.testing.assert_array_equal(made.points(faces, flip=True), made.points(faces))
