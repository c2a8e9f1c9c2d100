"""Points follow their pixels through every augmentation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keypoints.landmarks import IBUG, NOSE
from keypoints.settings.recipes import Augment
from keypoints.training.augmentation import Augmenter

WIDTH, HEIGHT, MARGIN = 61, 48, 12
quick = settings(max_examples=20, deadline=None)
seeds = st.integers(0, 2**31 - 1)
spots = st.tuples(st.floats(15, WIDTH - 16), st.floats(13, HEIGHT - 14))
EVERYTHING = Augment(
    flip=0.5,
    rotate=30.0,
    scale=0.2,
    shift=[0.1, 0.1],
    perspective=0.1,
    brightness=0.3,
    contrast=0.3,
    saturation=0.3,
    hue=0.1,
    blur=0.5,
    noise=0.5,
    occlusion=1.0,
)


def spot(x: float, y: float) -> np.ndarray:
    """A canvas, black but for a Gaussian at (x, y) of the crop."""
    rows, columns = np.mgrid[: HEIGHT + 2 * MARGIN, : WIDTH + 2 * MARGIN] - MARGIN
    pixels = 250 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * 1.6**2))
    return np.round(pixels).astype(np.uint8)[..., None]


def centroid(pixels: np.ndarray) -> np.ndarray:
    weights = pixels[..., 0].astype(float)
    rows, columns = np.mgrid[: weights.shape[0], : weights.shape[1]]
    return np.array([(weights * columns).sum(), (weights * rows).sum()]) / weights.sum()


def noise(channels: int, margin: int, size: tuple[int, int] = (WIDTH, HEIGHT)) -> np.ndarray:
    shape = (size[1] + 2 * margin, size[0] + 2 * margin, channels)
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def face(seed: int = 0, low: float = 0.0, high: float = HEIGHT) -> np.ndarray:
    return np.random.default_rng(seed).uniform(low, high, (68, 2))


@pytest.mark.parametrize(
    "config",
    [
        pytest.param(Augment(flip=1.0), id="flip"),
        pytest.param(Augment(rotate=40.0), id="rotate"),
        pytest.param(Augment(scale=0.3), id="scale"),
        pytest.param(Augment(shift=[0.15, 0.1]), id="shift"),
        pytest.param(Augment(perspective=0.03), id="perspective"),
        pytest.param(Augment(flip=0.5, rotate=25.0, scale=0.15, shift=[0.06, 0.06]), id="together"),
    ],
)
def test_a_spot_and_its_point_stay_together(config: Augment) -> None:
    augment = Augmenter(config, NOSE, (WIDTH, HEIGHT), MARGIN)
    moved = []

    @settings(max_examples=15, deadline=None)
    @given(spots, seeds)
    def check(at: tuple[float, float], seed: int) -> None:
        crop, points = augment(spot(*at), np.array([at]), seed)
        x, y = points[0]
        if 7 < x < WIDTH - 8 and 7 < y < HEIGHT - 8:  # else the crop cuts the spot
            np.testing.assert_allclose(centroid(crop), points[0], atol=0.1)
            moved.append(np.abs(points[0] - at).max())

    check()
    assert len(moved) >= 5 and max(moved) > 1e-3


def test_a_flip_mirrors_pixels_and_swaps_partners() -> None:
    augment = Augmenter(Augment(flip=1.0), IBUG, (WIDTH, HEIGHT), 0)
    canvas, points = noise(3, 0), face()
    crop, made = augment(canvas, points, 0)
    np.testing.assert_array_equal(crop, canvas[:, ::-1])
    mirrored = np.stack([WIDTH - 1 - points[:, 0], points[:, 1]], axis=1)
    for k, partner in enumerate(IBUG.partners):
        np.testing.assert_allclose(made[k], mirrored[partner], atol=1e-4)


@quick
@given(st.integers(0, 20), st.integers(0, 999))
def test_two_flips_are_none(margin: int, seed: int) -> None:
    there = Augmenter(Augment(flip=1.0), IBUG, (WIDTH, HEIGHT), margin)
    back = Augmenter(Augment(flip=1.0), IBUG, (WIDTH, HEIGHT), 0)
    canvas, points = noise(1, margin), face(seed, -20, 80)
    crop, made = back(*there(canvas, points, 0), 1)
    np.testing.assert_array_equal(crop, canvas[margin : margin + HEIGHT, margin : margin + WIDTH])
    np.testing.assert_allclose(made, points, atol=1e-4)


@quick
@given(seeds)
def test_points_outside_and_under_boxes_are_kept(seed: int) -> None:
    """The very same points come out of the same geometry with and without the occlusion."""
    shape = {"flip": 0.5, "rotate": 30.0, "shift": [0.2, 0.2]}
    points = face(seed, -60, 120)
    bare = Augmenter(Augment(**shape), IBUG, (WIDTH, HEIGHT), MARGIN)(noise(1, MARGIN), points, seed)
    hidden = Augmenter(Augment(**shape, occlusion=1.0), IBUG, (WIDTH, HEIGHT), MARGIN)
    crop, made = hidden(noise(1, MARGIN), points, seed)
    assert made.shape == (68, 2) and np.isfinite(made).all()
    np.testing.assert_allclose(made, bare[1], atol=1e-4)
    assert 0.005 < (crop != bare[0]).mean() < 0.25


@quick
@given(seeds)
def test_distances_show_that_the_order_is_kept(seed: int) -> None:
    """A rotation and a shift keep every distance between two points, wherever they lie."""
    augment = Augmenter(Augment(rotate=45.0, shift=[0.2, 0.2]), IBUG, (WIDTH, HEIGHT), MARGIN)
    points = face(seed, -100, 200)
    _, made = augment(noise(1, MARGIN), points, seed)
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    np.testing.assert_allclose(np.linalg.norm(np.diff(made, axis=0), axis=1), steps, atol=1e-3)


def test_the_seed_alone_decides() -> None:
    canvas, points = noise(3, MARGIN), face()
    augment = Augmenter(EVERYTHING, IBUG, (WIDTH, HEIGHT), MARGIN)
    first = augment(canvas, points, 7)
    other = augment(canvas, points, 8)
    again = augment(canvas, points, 7)
    fresh = Augmenter(EVERYTHING, IBUG, (WIDTH, HEIGHT), MARGIN)(canvas, points, 7)
    for image, made in (again, fresh):
        np.testing.assert_array_equal(image, first[0])
        np.testing.assert_array_equal(made, first[1])
    assert (other[0] != first[0]).any() and (other[1] != first[1]).any()


def test_the_input_is_left_as_it_was() -> None:
    canvas, points = noise(3, MARGIN), face()
    before = canvas.copy(), points.copy()
    for seed in range(5):
        Augmenter(EVERYTHING, IBUG, (WIDTH, HEIGHT), MARGIN)(canvas, points, seed)
    np.testing.assert_array_equal(canvas, before[0])
    np.testing.assert_array_equal(points, before[1])


@pytest.mark.filterwarnings("ignore:Got processor for keypoints")
@pytest.mark.parametrize("margin", [0, 1, MARGIN])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(WIDTH, HEIGHT), (20, 33)])
def test_nothing_configured_is_the_bare_crop(margin: int, channels: int, size: tuple[int, int]) -> None:
    canvas, points = noise(channels, margin, size), face()
    crop, made = Augmenter(Augment(), IBUG, size, margin)(canvas, points, 3)
    np.testing.assert_array_equal(crop, canvas[margin : margin + size[1], margin : margin + size[0]])
    np.testing.assert_allclose(made, points, atol=1e-5)


@pytest.mark.parametrize("margin", [0, MARGIN])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(WIDTH, HEIGHT), (20, 33)])
def test_shapes_and_types(margin: int, channels: int, size: tuple[int, int]) -> None:
    augment = Augmenter(EVERYTHING, IBUG, size, margin)
    for seed in range(4):
        crop, points = augment(noise(channels, margin, size), face(), seed)
        assert crop.shape == (size[1], size[0], channels) and crop.dtype == np.uint8
        assert points.shape == (68, 2) and points.dtype == np.float32


@pytest.mark.parametrize(
    "kind", ["brightness", "contrast", "saturation", "hue", "blur", "noise", "occlusion"]
)
def test_changes_of_pixels_move_no_point(kind: str) -> None:
    config = Augment(**{kind: 0.5 if kind in ("hue", "brightness", "contrast", "saturation") else 1.0})
    canvas, points = noise(3, MARGIN), face()
    crop, made = Augmenter(config, IBUG, (WIDTH, HEIGHT), MARGIN)(canvas, points, 1)
    assert (crop != canvas[MARGIN:-MARGIN, MARGIN:-MARGIN]).any()
    np.testing.assert_allclose(made, points, atol=1e-5)


def test_the_shift_is_a_share_of_the_crop_not_of_the_canvas() -> None:
    augment = Augmenter(Augment(shift=[0.1, 0.0]), NOSE, (60, 40), 30)
    canvas = np.zeros((100, 120, 1), np.uint8)
    moves = np.array([augment(canvas, np.zeros((1, 2)), seed)[1][0] for seed in range(60)])
    assert 4.5 < abs(moves[:, 0]).max() <= 6
    np.testing.assert_allclose(moves[:, 1], 0, atol=1e-4)


@pytest.mark.parametrize("light, moved", [("factor", False), ("added", True)])
def test_a_factor_leaves_black_black(light: str, moved: bool) -> None:
    """As torchvision's jitter; an added share of white, as albumentations', lifts black too."""
    config = Augment(light=light, brightness=0.3)
    augmenter = Augmenter(config, NOSE, (WIDTH, HEIGHT), MARGIN)
    canvas = np.zeros((HEIGHT + 2 * MARGIN, WIDTH + 2 * MARGIN, 1), np.uint8)
    canvas[:, WIDTH // 2 :] = 200
    made = [augmenter(canvas, np.zeros((1, 2)), seed)[0] for seed in range(20)]
    assert any(image[:, 0].max() > 0 for image in made) == moved
    white = np.array([float(image[0, -1, 0]) for image in made])
    assert white.min() >= 200 - 0.3 * 255 - 1 and np.ptp(white) > 40


@quick
@given(seeds, st.sets(st.integers(0, 67), min_size=1, max_size=9))
def test_a_point_that_a_face_lacks_is_lacking_afterwards(seed, gone):
    """Under its partner's number where the face is flipped; nothing else changes."""
    augmenter = Augmenter(EVERYTHING, IBUG, (WIDTH, HEIGHT), MARGIN)
    points = np.random.default_rng(seed).uniform(0, 40, (68, 2)).astype(np.float32)
    gapped = points.copy()
    gapped[sorted(gone)] = np.nan
    (image, expected), (same, found) = (augmenter(noise(3, MARGIN), some, seed) for some in (points, gapped))
    np.testing.assert_array_equal(same, image)
    lacking = np.isnan(found).any(axis=1)
    assert set(np.flatnonzero(lacking)) in (gone, {IBUG.partners[k] for k in gone})
    np.testing.assert_array_equal(found[~lacking], expected[~lacking])


def test_without_known_partners_nothing_is_flipped():
    scheme = replace(IBUG, partners=tuple(range(68)), flips=False)
    augmenter = Augmenter(Augment(flip=1.0), scheme, (WIDTH, HEIGHT), MARGIN)
    canvas, points = noise(1, MARGIN), np.full((68, 2), 7.0, np.float32)
    crop, found = augmenter(canvas, points, 0)
    np.testing.assert_array_equal(crop, canvas[MARGIN:-MARGIN, MARGIN:-MARGIN])
    np.testing.assert_array_equal(found, points)
