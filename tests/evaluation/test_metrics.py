"""The figures: identities that must hold for any faces, and values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keypoints.evaluation import metrics
from keypoints.landmarks import IBUG, IMM, NOSE, SCHEMES, average

EXACT = {"rel": 1e-9, "abs": 1e-12}


def faces(seed: int, count: int = 9, points: int = 5, noise: float = 6.0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    size = rng.integers(80, 700, (count, 2))
    truth = rng.random((count, points, 2)) * size[:, None]
    return {
        "truth": truth,
        "predicted": truth + rng.normal(0, noise, truth.shape),
        "image_size": size,
        "eye_distance": rng.uniform(40, 200, count),
    }


seeds = st.integers(0, 2**32 - 1)
quick = settings(max_examples=40, deadline=None)


def test_by_hand():
    truth = np.array([[[10, 10], [20, 10]], [[10, 10], [20, 10]]])
    predicted = truth + np.array([[[3, 4], [0, 0]], [[0, -10], [0, 10]]])
    size, eyes = np.array([[100, 50], [100, 50]]), np.array([50, 100])
    assert metrics.point_errors(truth, predicted).tolist() == [[5, 0], [10, 10]]
    assert metrics.nme(truth, predicted, eyes).tolist() == [5, 10]
    figures = metrics.summary(truth, predicted, size, eyes)
    assert list(figures) == ["mse", "mae_px", "nme", "auc_8", "fr_8", "faces"]
    assert figures["mse"] == pytest.approx((0.03**2 + 0.08**2 + 2 * 0.2**2) / 8)
    assert figures["mae_px"] == pytest.approx(27 / 8)
    assert figures["nme"] == 7.5
    assert figures["auc_8"] == pytest.approx(0.5 * 3 / 8)
    assert figures["fr_8"] == 0.5
    assert figures["faces"] == 2 and type(figures["faces"]) is int
    assert all(type(value) is float for key, value in figures.items() if key != "faces")


def test_correct_is_a_face_below_zhous_limit():
    truth = np.full((3, 2, 2), 50.0)
    right, wrong = 100 * np.sqrt([4.9e-4, 5.1e-4])  # of pictures of 100 x 100, in both coordinates
    predicted = truth + np.array([0, right, wrong])[:, None, None]
    assert metrics.share_correct(truth, predicted, np.full((3, 2), 100)) == pytest.approx(2 / 3)


def test_exactly_the_limit_is_no_failure():
    truth = np.zeros((1, 1, 2))
    figures = metrics.summary(truth, truth + np.array([8, 0]), np.array([[9, 9]]), np.array([100.0]))
    assert figures["fr_8"] == 0 and figures["auc_8"] == 0


@quick
@given(seeds)
def test_truth_is_perfect(seed):
    data = faces(seed)
    figures = metrics.summary(**data | {"predicted": data["truth"]})
    assert figures == {"mse": 0, "mae_px": 0, "nme": 0, "auc_8": 1, "fr_8": 0, "faces": 9}


@quick
@given(seeds, st.floats(0.1, 10))
def test_a_larger_image_is_no_worse(seed, scale):
    data = faces(seed)
    before = metrics.summary(**data)
    after = metrics.summary(**{key: scale * value for key, value in data.items()})
    assert after.pop("mae_px") == pytest.approx(scale * before.pop("mae_px"), **EXACT)
    assert after == pytest.approx(before, **EXACT)


@quick
@given(seeds)
def test_order_of_faces_is_no_matter(seed):
    data = faces(seed)
    order = np.random.default_rng(seed).permutation(9)
    shuffled = {key: value[order] for key, value in data.items()}
    assert metrics.summary(**shuffled) == pytest.approx(metrics.summary(**data), **EXACT)


@quick
@given(st.lists(st.floats(0, 50), min_size=1, max_size=40), st.floats(0.5, 20))
def test_auc_is_the_integral_of_the_curve(errors, limit):
    """Integrate the step function piece by piece: between two jumps it is constant."""
    errors = np.array(errors)
    jumps = np.unique(np.concatenate([[0, limit], errors[errors < limit]]))
    share = (errors[None] <= jumps[:-1, None]).mean(axis=1)
    assert metrics.auc(errors, limit) == pytest.approx(np.sum(share * np.diff(jumps)) / limit, abs=1e-9)
    curve = metrics.cumulative(errors, limit, steps=400)
    assert metrics.auc(errors, limit) == pytest.approx(
        np.trapezoid(curve[:, 1], curve[:, 0]) / limit, abs=0.01
    )


def test_curve_by_hand():
    curve = metrics.cumulative(np.array([1.0, 3.0, 3.0, 90.0]), limit=4, steps=5)
    assert curve.tolist() == [[0, 0], [1, 0.25], [2, 0.25], [3, 0.75], [4, 0.75]]
    assert metrics.cumulative(np.array([1.0])).shape == (161, 2)


@quick
@given(seeds, st.lists(st.sampled_from(["helen", "afw", "ibug"]), min_size=9, max_size=9))
def test_groups_partition_the_faces(seed, labels):
    data = faces(seed)
    rows, whole = metrics.by_group(labels, **data), metrics.summary(**data)
    assert [row["name"] for row in rows] == sorted(set(labels))
    assert all(row["kind"] == "subset" for row in rows)
    for key in ("mse", "mae_px", "nme", "auc_8", "fr_8"):
        mean = np.average([row[key] for row in rows], weights=[row["faces"] for row in rows])
        assert mean == pytest.approx(whole[key], **EXACT)


@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=SCHEMES)
def test_regions_partition_the_points(scheme):
    data = faces(3, points=scheme.points)
    rows, whole = metrics.by_region(scheme, **data), metrics.summary(**data)
    assert [row["name"] for row in rows] == sorted(scheme.regions)
    assert {row["faces"] for row in rows} == {9}
    weights = [len(scheme.regions[row["name"]]) for row in rows]
    for key in ("mse", "mae_px", "nme"):
        assert np.average([row[key] for row in rows], weights=weights) == pytest.approx(whole[key], **EXACT)


def test_a_region_sees_its_own_points_only():
    data = faces(4, points=IBUG.points)
    data["predicted"] = data["truth"].copy()
    data["predicted"][:, IBUG.regions["mouth"]] += 5
    nme = {row["name"]: row["nme"] for row in metrics.by_region(IBUG, **data)}
    assert nme.pop("mouth") > 1 and set(nme.values()) == {0}


@pytest.mark.parametrize("name", ["truth", "predicted", "image_size", "eye_distance"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_not_finite_names_the_first_face(name, value):
    data = {key: array.astype(float) for key, array in faces(5).items()}
    data[name][[4, 7]] = value
    if name == "truth":  # a face with no number at all lacks its points
        data[name][[4, 7], 0, 0] = 1
    with pytest.raises(ValueError, match=rf"^{name}: face 4 "):
        metrics.summary(**data)


def test_wrong_input_is_refused():
    data = faces(6, points=IMM.points)
    with pytest.raises(ValueError, match="predicted"):
        metrics.point_errors(data["truth"], data["predicted"][:, :3])
    with pytest.raises(ValueError, match="eye_distance: face 2"):
        metrics.nme(data["truth"], data["predicted"], np.array([9, 9, 0, 9, 9, 9, 9, 9, 9]))
    with pytest.raises(ValueError, match="eye_distance"):  # would broadcast
        metrics.nme(data["truth"], data["predicted"], np.array([9.0]))
    with pytest.raises(ValueError, match="not empty"):
        metrics.auc(np.zeros(0))
    with pytest.raises(ValueError, match="labels"):
        metrics.by_group(["a"], **data)
    with pytest.raises(ValueError, match="truth"):
        metrics.by_region(NOSE, **data)


@quick
@given(seeds)
def test_points_that_a_face_lacks_count_nowhere(seed):
    """Figures of faces with gaps are those of the same faces cut down to what is marked."""
    data = faces(seed)
    data["truth"][:, -2:] = np.nan
    whole = {key: array[:, :-2] if key in ("truth", "predicted") else array for key, array in data.items()}
    assert metrics.summary(**data) == pytest.approx(metrics.summary(**whole), **EXACT)
    points = ("truth", "predicted", "image_size")
    assert metrics.share_correct(*(data[key] for key in points)) == metrics.share_correct(
        *(whole[key] for key in points)
    )


def test_a_region_counts_the_faces_that_have_it():
    data = faces(3, points=IMM.points)
    mouth = list(IMM.regions["mouth"])
    data["truth"][np.ix_([0, 4], mouth)] = np.nan
    rest = {key: np.delete(array, [0, 4], axis=0) for key, array in data.items()}
    row, expected = (
        next(row for row in metrics.by_region(IMM, **some) if row["name"] == "mouth") for some in (data, rest)
    )
    assert row["faces"] == 7 and row == {**expected, "nme": pytest.approx(expected["nme"])} | {
        key: pytest.approx(expected[key]) for key in ("mse", "mae_px", "auc_8", "fr_8")
    }


def test_half_a_point_is_no_gap():
    data = faces(3)
    data["truth"][2, 1, 0] = np.nan
    with pytest.raises(ValueError, match="truth: face 2"):
        metrics.summary(**data)


@quick
@given(seeds, st.sampled_from([None, 0, 1, (1, 2)]))
def test_the_average_without_gaps_is_the_mean_to_the_last_bit(seed, axis):
    values = np.random.default_rng(seed).normal(0, 50, (7, 5, 2)).astype(np.float32)
    np.testing.assert_array_equal(average(values, axis), values.mean(axis))
    np.testing.assert_array_equal(average(values[:, ::2], axis), values[:, ::2].mean(axis))
    values[3, 2] = np.nan
    np.testing.assert_allclose(average(values, axis), np.nanmean(values, axis), rtol=1e-5)


def test_the_average_of_nothing_is_not_a_number():
    found = average(np.array([[np.nan, np.nan], [1, 3]]), axis=1)
    assert np.isnan(found[0]) and found[1] == 2
