"""params.yaml is what conf/ composes, and every wrong value is named with file and key."""

from __future__ import annotations

import contextlib
import copy
import datetime
import re
from pathlib import Path
from typing import Any

import pytest

from keypoints import compose
from keypoints.errors import UserError
from keypoints.settings import params, recipes

ROOT = compose.CONF.parent
OPTIONS = sorted(f"{path.parent.name}={path.stem}" for path in compose.CONF.glob("*/*.yaml"))
PARTS = tuple(compose.parts())


def composed(folder: Path, *overrides: str) -> dict[str, Any]:
    compose.compose(list(overrides), folder / "params.yaml")
    return params.read(folder / "params.yaml")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return composed(tmp_path_factory.mktemp("composed"))


def changed(tree: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    """A copy of the tree with another value; ... takes the key away."""
    tree = copy.deepcopy(tree)
    *way, last = key.split(".")
    branch = tree
    for step in way:
        branch = branch[step]
    if value is ...:
        del branch[last]
    else:
        branch[last] = value
    return tree


def refusal(tree: Any) -> str:
    with pytest.raises(UserError) as caught:
        params.parse(tree, "somewhere.yaml")
    text = str(caught.value)
    assert text.startswith("somewhere.yaml: ") and "\n" not in text
    return text


def test_the_committed_file_is_what_conf_composes(tree: dict[str, Any], tmp_path: Path) -> None:
    """But for a part that somebody has added, `make own`, and what is of it."""
    here = params.read(ROOT / "params.yaml")
    if "own" in here:
        tree = composed(tmp_path, "own=best") | {"own": here["own"]}
        tree["datasets"]["own"], tree["inits"]["own"] = here["datasets"]["own"], here["inits"]["own"]
    assert here == tree, "run `make compose` and commit params.yaml"


def test_a_part_of_ones_own_adds_itself_and_changes_nothing(tree: dict[str, Any], tmp_path: Path) -> None:
    """Every value of the other parts is as it was: their stages do not start again."""
    made = composed(tmp_path, "own=best", "datasets.own.path=/some/faces")
    before, after = dict(params.leaves(tree)), dict(params.leaves(made))
    assert {key: after[key] for key in before} == before
    assert all("own" in re.split(r"[./]", key.removesuffix(".csv")) for key in after.keys() - before.keys())
    parsed = params.parse(made)
    assert [*parsed.parts] == [*params.parse(tree).parts, "own"]
    assert parsed.dataset("own").path == "/some/faces" and made["parts"]["own"] == "own"
    assert made["inits"]["own"] == parsed.part("own").train.init == "pretrained/landmarks.pt"
    assert composed(tmp_path, "own=scratch")["inits"]["own"] == recipes.RANDOM


@pytest.mark.parametrize("key, value", [("inits.nose", "models/face.pt"), ("nose.train.init", "a.pt")])
def test_what_a_part_starts_from_is_what_dvc_is_told(tree: dict[str, Any], key: str, value: str) -> None:
    assert "inits.nose" in refusal(changed(tree, key, value))


@pytest.mark.parametrize("option", OPTIONS)
def test_every_option_composes_and_parses(option: str, tmp_path: Path) -> None:
    made = params.parse(composed(tmp_path, option))
    group, name = option.split("=")
    if group == "profile":
        assert made.profile.name == name
        assert set(made.profile.max_epochs) == set(made.parts)
    else:
        assert made.part(group).recipe == name
    for part in PARTS:
        assert made.epochs(part) >= 1


def test_parts_name_their_own_data_sets(tree: dict[str, Any]) -> None:
    made = params.parse(tree)
    assert tuple(made.parts) == PARTS
    assert tree["parts"] == {name: part.data.dataset for name, part in made.parts.items()}
    assert made.submission.part in made.parts
    with pytest.raises(UserError, match=r"'chin'.*nose, face"):
        made.part("chin")


def test_the_profile_holds_epochs_down(tree: dict[str, Any]) -> None:
    for bound, own, expected in ((7, 30, 7), (30, 7, 7), (None, 30, 30)):
        made = changed(changed(tree, "profile.max_epochs.face", bound), "face.train.epochs", own)
        assert params.parse(made).epochs("face") == expected


def test_a_part_may_have_its_own_threads(tree: dict[str, Any]) -> None:
    for own, expected in ((3, 3), (None, 5)):
        made = changed(changed(tree, "threads", 5), "nose.train.threads", own)
        assert params.parse(made).threads_of("nose") == expected


@pytest.mark.parametrize(
    "text, value",
    [("1e-3", 0.001), ("1e-05", 1e-5), ("5E4", 5e4), ("-2.5e+1", -25.0), (".5", 0.5), ("3.", 3.0)]
    + [("42", 42), ("-7", -7), ("1e-3x", "1e-3x"), ("e3", "e3"), ("null", None), ("true", True)],
)
def test_numbers_are_numbers(text: str, value: Any, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(f"lr: {text}\nlist: [{text}]\n")
    found = params.read(tmp_path / "a.yaml")
    assert found == {"lr": value, "list": [value]}
    assert type(found["lr"]) is type(value)


@pytest.mark.parametrize(
    "key, value, said",
    [
        ("nose.train.lr", "fast", "nose.train.lr: .*number.*'fast'"),
        ("nose.train.lr", True, "nose.train.lr: "),
        ("nose.train.lr", -0.1, "nose.train.lr: .*greater than 0"),
        ("nose.train.lr", None, "nose.train.lr: "),
        ("face.train.epochs", 1.5, "face.train.epochs: .*integer"),
        ("face.train.epochs", 0, "face.train.epochs: "),
        ("face.train.rate", 0.1, "face.train.rate: unknown key"),
        ("face.trainer", {}, "face.trainer: unknown key"),
        ("landmarks.model", ..., "landmarks.model: missing key"),
        ("landmarks.data.crop_size", [80], "landmarks.data.crop_size: "),
        ("landmarks.data.crop_size", [80, 60, 3], "landmarks.data.crop_size: "),
        ("landmarks.data.crop_size", [80, -60], "landmarks.data.crop_size.1: "),
        ("landmarks.data.channels", 2, "landmarks.data.channels: "),
        ("landmarks.codec.kind", "magic", "landmarks.codec.kind: .*heatmap.*'magic'"),
        ("landmarks.augment.flip", 1.5, "landmarks.augment.flip: "),
        ("landmarks.augment.flop", 0.5, "landmarks.augment.flop: unknown key"),
        ("youtube", 3, "youtube: "),
        ("profile.source", "cloud", "profile.source: "),
        ("profile.max_epochs.nose", 0, "profile.max_epochs.nose: "),
        ("profile.max_epochs.nose", ..., "profile.max_epochs.nose: missing key"),
        ("profile.faces.imm", ..., "profile.faces.imm: missing key"),
        ("seed", ..., "seed: missing key"),
        ("seed", -1, "seed: "),
        ("sed", 42, "sed: "),
        ("threads", "two", "threads: "),
        ("parts", ..., "parts: "),
        ("parts", "nose", "parts: "),
        ("parts.chin", "imm", "parts.chin: "),
        ("inits", "nose", "inits: "),
        ("nose", ..., "parts.nose: "),
        ("datasets.imm.sources", [{"url": "ftp://x", "sha256": None}], r"datasets.imm.sources.0.url: "),
        ("datasets.imm.sha256", ["abc"], r"datasets.imm.sha256.0: "),
        ("datasets.imm.file", "../a.tar", "datasets.imm.file: "),
    ],
)
def test_a_wrong_value_is_named_with_its_key(tree: dict[str, Any], key: str, value: Any, said: str) -> None:
    assert re.match(f"somewhere.yaml: {said}", refusal(changed(tree, key, value)))


@pytest.mark.parametrize("value", [None, 3, "text", [1, 2]])
def test_a_file_that_is_no_mapping_is_refused(value: Any) -> None:
    assert "mapping" in refusal(value)


@pytest.mark.parametrize(
    "key, value",
    [
        ("nose.augment.shift", [0.1]),
        ("nose.augment.rotate", float("nan")),
        ("nose.codec.scale", 0),
        ("nose.codec.scale", float("nan")),
        ("heatmaps.codec.map_size", [32]),
        ("heatmaps.codec.map_size", [32, 32, 1]),
        ("heatmaps.codec.coordinate_weight", -1),
        ("submission.part", "chin"),
        ("parts.nose", "ibug"),
        ("profile.max_epochs.noze", 3),
        ("profile.faces.imn", 3),
        ("nose.data", 5),
        ("nose.train.lr", float("inf")),
    ],
)
def test_a_value_without_sense_is_named_too(tree: dict[str, Any], key: str, value: Any) -> None:
    assert key in refusal(changed(tree, key, value))


@pytest.mark.parametrize(
    "key, value", [("nose.recipe", datetime.date(2020, 1, 1)), ("profile.mirror", b"\xff")]
)
def test_yamls_other_types_are_named_too(tree: dict[str, Any], key: str, value: Any) -> None:
    assert key in refusal(changed(tree, key, value))


@pytest.mark.parametrize("value", [None, 3, "text", [1, [2]], {}, {"a": [1]}], ids=str)
def test_a_value_of_any_kind_anywhere_is_no_crash(tree: dict[str, Any], value: Any) -> None:
    """In the place of every key of the two upper levels: it has a sense, or is refused in a line."""
    for key in [*tree, *(f"{key}.{name}" for key, inner in tree.items() for name in inner_keys(inner))]:
        with contextlib.suppress(UserError):
            params.parse(changed(tree, key, value))


def inner_keys(value: Any) -> list[str]:
    return list(value) if isinstance(value, dict) else []


def test_a_key_that_is_a_number_is_named(tree: dict[str, Any]) -> None:
    assert "7: unknown key" in refusal({**tree, 7: "a number for a key"})


@pytest.mark.parametrize(
    "content", [b"a: [1, 2", b"a: 1\n b: 2\n", b"\xff\xfe\x00a", b"a: \0", b"? [1]\n: 2"]
)
def test_what_is_no_yaml_is_refused_in_one_line(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"a\.yaml is not YAML") as caught:
        params.load(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "content, says",
    [
        ("a: !!python/object/apply:os.getcwd []", "line 1: aliases and types by name"),
        ("a: !!set {b, c}", "types by name"),
        ("a: !!binary aGk=", "types by name"),
        ("a: &a [*a]", "aliases"),
        ("a: 1\nb: 2\na: 3", "line 3: the key 'a' is there twice"),
        ("a: [1, {b: 1, c: {d: 1, d: 2}}]", "line 1: the key 'd' is there twice"),
        ("a: &a [1]\nb: [*a, *a]", "line 2: aliases"),
        ("a: " + 100_000 * "[", "nested more than 20 deep"),
        (50_000 * "{a: ", "nested more than 20 deep"),
        ("a: " + 5_000 * "9", "not a possible value"),
        ("a: 9223372036854775808", "a: 9223372036854775808 is no possible number"),
        ("a: [1, .inf]", "a: inf is no possible number"),
        ("a: {b: .nan}", "a.b: nan is no possible number"),
        ("a: 2020-13-45", "not a possible value"),
        ("a: 2020-12-24", "a: a number or text is needed"),
        ("2020-12-24: 1", "the key datetime"),
        ('a: "\\e[2J"', "a: text without control characters"),
        ('"\\e[2J": 1', "text without control characters"),
    ],
    ids=lambda value: value[:20],
)
def test_values_that_no_composed_file_holds_are_refused_in_one_line(
    content: str, says: str, tmp_path
) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(content)
    with pytest.raises(UserError, match=re.escape(says)) as caught:
        params.read(path)
    assert "\n" not in str(caught.value) and "\x1b" not in str(caught.value)


def test_a_missing_file_names_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none\.yaml is missing: run `make compose`"):
        params.load(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    "override, said",
    [
        ("face=nobody", "nobody"),
        ("train.speed=3", "speed"),
        ("face.train.lr=${train.speed}", "speed"),
        ("face.train.lr", "face.train.lr"),
    ],
)
def test_a_wrong_override_is_named_in_one_line(override: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=rf"conf/: .*{said}") as caught:
        compose.compose([override], tmp_path / "params.yaml")
    assert "\n" not in str(caught.value)


def test_one_number_reaches_just_the_parts_that_inherit_it(tree: dict[str, Any], tmp_path: Path) -> None:
    made = composed(tmp_path, "train.lr=5e-4")
    inherits = {
        part: "lr: ${train.lr}" in (compose.CONF / part / "best.yaml").read_text(encoding="utf-8")
        for part in PARTS
    }
    assert any(inherits.values())
    for part in PARTS:
        assert (made[part]["train"]["lr"] == 5e-4) == inherits[part]
        made[part]["train"]["lr"] = tree[part]["train"]["lr"]
    made["train"]["lr"] = tree["train"]["lr"]
    assert made == tree


def test_an_option_changes_its_own_part_only(tree: dict[str, Any], tmp_path: Path) -> None:
    made = composed(tmp_path, "profile.max_broken=0.5", "nose.train.lr=0.5")
    differing = {key for key in tree if tree[key] != made[key]}
    assert differing == {"profile", "nose", "datasets"}  # whose max_broken is the profile's
    assert made["nose"]["train"] == tree["nose"]["train"] | {"lr": 0.5}
