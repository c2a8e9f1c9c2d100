"""One affine a face: it undoes itself, and pixels go where it says."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from keypoints import crops

quick = settings(max_examples=25, deadline=None)
sides = st.floats(5, 400)
regions = st.tuples(st.floats(-300, 300), st.floats(-300, 300), sides, sides)
sizes = st.tuples(st.integers(1, 300), st.integers(1, 300))


def spot(x: float, y: float, width: int, height: int, sigma: float, channels: int = 1) -> Image.Image:
    """A Gaussian spot with its middle at (x, y) on black."""
    rows, columns = np.mgrid[:height, :width]
    pixels = 250 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * sigma**2))
    pixels = np.round(pixels).astype(np.uint8)
    return Image.fromarray(pixels if channels == 1 else np.stack([pixels] * 3, axis=-1))


def centroid(pixels: np.ndarray) -> np.ndarray:
    weights = pixels.astype(float).mean(axis=2)
    rows, columns = np.mgrid[: weights.shape[0], : weights.shape[1]]
    return np.array([(weights * columns).sum(), (weights * rows).sum()]) / weights.sum()


@quick
@given(regions, sizes, st.integers(0, 2**31))
def test_inverse_undoes_affine(region: crops.Region, size: tuple[int, int], seed: int) -> None:
    points = np.random.default_rng(seed).uniform(-500, 500, (5, 2))
    matrix = crops.affine(region, size)
    there = crops.apply(matrix, points)
    np.testing.assert_allclose(crops.apply(crops.inverse(matrix), there), points, atol=1e-8)
    np.testing.assert_allclose(crops.inverse(crops.inverse(matrix)), matrix, atol=1e-8)


@quick
@given(regions, sizes)
def test_edges_of_the_region_are_edges_of_the_crop(region: crops.Region, size: tuple[int, int]) -> None:
    left, top, width, height = region
    corners = np.array([[left, top], [left + width, top + height]]) - 0.5
    made = crops.apply(crops.affine(region, size), corners)
    np.testing.assert_allclose(made, [[-0.5, -0.5], [size[0] - 0.5, size[1] - 0.5]], atol=1e-8)


@quick
@given(regions, st.floats(0.1, 3))
def test_square_keeps_the_middle_and_scales_the_area(region: crops.Region, scale: float) -> None:
    left, top, width, height = crops.square(region, scale)
    assert width == height
    np.testing.assert_allclose(width * height, scale**2 * region[2] * region[3])
    middle = [left + width / 2, top + height / 2]
    np.testing.assert_allclose(middle, [region[0] + region[2] / 2, region[1] + region[3] / 2])


boxes = st.tuples(st.floats(-100, 100), st.floats(-100, 100), st.floats(1, 100), st.floats(1, 100))
shares = st.floats(-0.5, 0.5)
close = {"rel": 1e-9, "abs": 1e-6}


def middle(box: crops.Region) -> np.ndarray:
    return np.array([box[0] + box[2] / 2, box[1] + box[3] / 2])


@quick
@given(boxes, st.floats(0.2, 3), shares, shares)
def test_a_shifted_box_is_a_square_that_can_be_shifted_back(
    box: crops.Region, scale: float, right: float, down: float
) -> None:
    made = crops.shift(box, scale, right, down)
    side = np.sqrt(box[2] * box[3])
    assert made[2] == made[3] == pytest.approx(scale * side, **close)
    assert middle(made) - middle(box) == pytest.approx(np.array([right, down]) * side, **close)
    back = crops.shift(made, 1 / scale, -right / scale, -down / scale)
    assert back == pytest.approx(crops.square(box), **close)


@quick
@given(boxes, boxes)
def test_overlap_is_symmetric_and_one_for_the_same(a: crops.Region, b: crops.Region) -> None:
    assert crops.overlap(a, b) == pytest.approx(crops.overlap(b, a))
    assert 0 <= crops.overlap(a, b) <= 1 + 1e-9
    assert crops.overlap(a, a) == pytest.approx(1)


@quick
@given(boxes, st.floats(0.01, 1))
def test_a_part_of_a_box_overlaps_it_by_its_area(box: crops.Region, share: float) -> None:
    left, top, width, height = box
    assert crops.overlap(box, (left, top, width, share * height)) == pytest.approx(share)
    assert crops.overlap(box, (left + 2 * width, top, width, height)) == 0


@quick
@given(st.integers(0, 2**31), st.integers(1, 9))
def test_the_bounding_box_holds_all_points_and_touches_them(seed: int, count: int) -> None:
    points = np.random.default_rng(seed).uniform(-50, 50, (count, 2))
    left, top, width, height = crops.bounding_box(points)
    assert points.min(0).tolist() == [left, top]
    assert points.max(0) == pytest.approx(np.array([left + width, top + height]))


@quick
@given(st.integers(0, 2**31), st.floats(0.1, 10), st.floats(-99, 99), st.floats(-99, 99))
def test_dlibs_box_follows_the_points(seed: int, zoom: float, right: float, down: float) -> None:
    points = np.random.default_rng(seed).uniform(0, 100, (68, 2))
    left, top, side, height = crops.dlib_box(points)
    assert side == height > 0
    expected = (zoom * left + right, zoom * top + down, zoom * side, zoom * side)
    assert crops.dlib_box(zoom * points + [right, down]) == pytest.approx(expected, **close)


def test_matrices_apply_in_batches() -> None:
    matrices = np.stack([crops.affine((k, 2 * k, 10 + k, 20), (8, 9)) for k in range(3)])
    points = np.random.default_rng(0).uniform(0, 20, (3, 4, 2))
    made = crops.apply(matrices, points)
    for k in range(3):
        np.testing.assert_allclose(made[k], crops.apply(matrices[k], points[k]))
    np.testing.assert_allclose(crops.apply(crops.inverse(matrices), made), points)


@settings(max_examples=40, deadline=None)
@given(data=st.data(), margin=st.integers(0, 9), channels=st.sampled_from([1, 3]))
def test_a_spot_lands_where_the_matrix_says(data: st.DataObject, margin: int, channels: int) -> None:
    """Whatever the region: fractional, reaching outside, larger than the picture, up- or down-scaled."""
    size = data.draw(st.tuples(st.integers(40, 90), st.integers(40, 90)))
    zoom = data.draw(st.floats(0.4, 2.5))
    shape = np.array(size) / zoom / data.draw(st.floats(0.8, 1.2))
    # Where in the region the spot lies; the picture ends at least 5 sigma away from it.
    share = np.array(data.draw(st.tuples(st.floats(0.3, 0.7), st.floats(0.3, 0.7))))
    sigma = shape.min() / 20
    x, y = np.array(data.draw(st.tuples(st.floats(0, 1), st.floats(0, 1)))) * 20 + 5.5 * sigma
    picture = spot(x, y, int(x + 6 * sigma) + 2, int(y + 6 * sigma) + 5, sigma, channels)
    region = (x - share[0] * shape[0], y - share[1] * shape[1], *shape)

    canvas = crops.cut(picture, region, size, margin)

    assert canvas.shape == (size[1] + 2 * margin, size[0] + 2 * margin, channels)
    assert canvas.dtype == np.uint8
    expected = crops.apply(crops.affine(region, size), np.array([[x, y]]))[0] + margin
    np.testing.assert_allclose(centroid(canvas), expected, atol=0.05)


def noise(seed: int, height: int = 40, width: int = 50, channels: int = 3) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8)
    return Image.fromarray(pixels if channels == 3 else pixels[..., 0])


@quick
@given(st.floats(8, 20), st.floats(8, 18), st.floats(5, 20), st.integers(1, 7), st.integers(0, 99))
def test_the_margin_only_adds_pixels(left: float, top: float, side: float, margin: int, seed: int) -> None:
    region, size = (left, top, side, side), (31, 23)
    bare = crops.cut(noise(seed), region, size).astype(int)
    framed = crops.cut(noise(seed), region, size, margin)[margin:-margin, margin:-margin]
    assert abs(framed - bare).max() <= 1


def test_the_margin_only_adds_pixels_at_the_border_too() -> None:
    region, size = (-5.3, -3.2, 30.0, 30.0), (60, 60)
    bare = crops.cut(noise(0), region, size).astype(int)
    framed = crops.cut(noise(0), region, size, 4)[4:-4, 4:-4]
    assert abs(framed - bare).max() <= 1


def test_the_whole_picture_at_its_own_size_is_the_picture() -> None:
    for channels in (1, 3):
        picture = noise(1, channels=channels)
        made = crops.cut(picture, (0, 0, 50, 40), (50, 40))
        np.testing.assert_array_equal(made, np.asarray(picture).reshape(40, 50, channels))


@quick
@given(st.floats(-30, 40), st.floats(-30, 30), st.floats(5, 70), st.floats(-90, 90), st.integers(0, 9))
def test_a_grey_crop_is_that_of_the_grey_picture(
    left: float, top: float, side: float, roll: float, seed: int
) -> None:
    picture, region = noise(seed), (left, top, side, side)
    grey = picture.convert("L")
    np.testing.assert_array_equal(
        crops.cut(picture, region, (16, 12), 3, "L"), crops.cut(grey, region, (16, 12), 3)
    )
    np.testing.assert_array_equal(
        crops.cut_turned(picture, region, (16, 12), roll, "L"),
        crops.cut_turned(grey, region, (16, 12), roll),
    )


def test_whole_pixels_outside_repeat_the_border() -> None:
    picture = noise(2, channels=1)
    made = crops.cut(picture, (-6, -4, 60, 50), (60, 50))[..., 0]
    np.testing.assert_array_equal(made, np.pad(np.asarray(picture), ((4, 6), (6, 4)), mode="edge"))


@pytest.mark.parametrize("left, top, at", [(-90, 1, (0, 0)), (200, 300, (-1, -1)), (-70, 90, (-1, 0))])
def test_a_region_wholly_outside_shows_the_nearest_border(
    left: float, top: float, at: tuple[int, int]
) -> None:
    picture = Image.fromarray(np.array([[10, 20], [30, 40]], np.uint8).repeat(20, 0).repeat(20, 1))
    made = crops.cut(picture, (left, top, 15.5, 12.5), (9, 7), 2)
    assert set(made.ravel()) == {np.asarray(picture)[at]}


NAN, INF = float("nan"), float("inf")
FLAWED = [(0, 0, 0, 10), (0, 0, 10, 0), (0, 0, -5, 10), (-3, 0, -1, 10), (NAN, 0, 9, 9), (0, 0, 9, NAN)]
FLAWED += [(INF, 0, 9, 9), (0, 0, 9, INF)]


@pytest.mark.parametrize("region", FLAWED, ids=str)
def test_a_region_without_area_has_no_matrix(region: crops.Region) -> None:
    with pytest.raises(ValueError, match="region"):
        crops.affine(region, (8, 8))


@pytest.mark.parametrize("region", FLAWED, ids=str)
def test_a_region_without_area_is_not_cut(region: crops.Region) -> None:
    with pytest.raises(ValueError):
        crops.cut(noise(0), region, (8, 8), 2)


@pytest.mark.parametrize("left, side", [(-3000.0, 10.0), (3000.0, 10.0)])
def test_a_far_off_region_costs_no_memory(left: float, side: float) -> None:
    picture = noise(0)
    tracemalloc.start()
    crops.cut(picture, (left, left, side, side), (8, 8))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**20


@quick
@given(st.floats(-300, 300), st.floats(-300, 300), sides, st.floats(-179, 179))
def test_an_axis_is_the_square_and_its_roll(left: float, top: float, side: float, roll: float) -> None:
    box, turned = crops.from_axis(crops.axis((left, top, side, side), roll))
    assert box == pytest.approx((left, top, side, side), abs=1e-6)
    assert (turned - roll + 180) % 360 - 180 == pytest.approx(0, abs=1e-6)


def test_a_small_region_of_a_large_picture_copies_no_more() -> None:
    """A photograph of many faces is cut as often."""
    large = Image.new("RGB", (4000, 3000))
    tracemalloc.start()
    try:
        crops.cut(large, (-20, 2950, 100, 100), (64, 64))
        assert tracemalloc.get_traced_memory()[1] < 2**20  # bytes; the picture has 36 million
    finally:
        tracemalloc.stop()


def test_an_axis_goes_from_the_upper_edge_to_the_lower_one() -> None:
    assert crops.axis((0, 0, 10, 10), 0) == pytest.approx(np.array([(4.5, -0.5), (4.5, 9.5)]))
    assert crops.axis((0, 0, 10, 10), 90) == pytest.approx(np.array([(9.5, 4.5), (-0.5, 4.5)]))


@pytest.mark.parametrize("roll", [0.0, 30.0])
def test_a_region_that_is_too_large_at_once_is_cut_from_a_smaller_picture(monkeypatch, roll: float) -> None:
    y, x = np.mgrid[:200, :240]
    picture = Image.fromarray(np.uint8(100 + 50 * np.sin(x / 20) + 50 * np.cos(y / 25)))
    region = (20.0, 10.0, 180.0, 180.0)
    cut = (
        (lambda: crops.cut_turned(picture, region, (24, 24), roll))
        if roll
        else (lambda: crops.cut(picture, region, (24, 24), 2))
    )
    expected = cut().astype(float)
    monkeypatch.setattr(crops, "MAX_PIXELS", 10_000)
    monkeypatch.setattr(crops, "LARGEST", 100_000)
    assert np.abs(cut() - expected).mean() < 1
    monkeypatch.setattr(crops, "LARGEST", 10_000)
    with pytest.raises(ValueError, match="too large"):
        cut()
