"""How wrong the predicted points are: errors of points and faces, and summaries of them.

Throughout, `truth` and `predicted` are points (N, K, 2) in pixels of the image file, `image_size`
is (N, 2), width and height of that file, and `eye_distance` (N,) is the distance of the outer eye
corners in the same pixels, or what stands for it (see `tensors.Faces`). NME, the mean error over the
eye distance, and the failure rate and the area under the cumulative error curve up to 8 % of it are
those of the 300-W protocol (Sagonas et al., 2016).

A point of the truth that is NaN is not marked and counts nowhere; a face without a marked point is left
out. Other input that is not finite, or has another shape, raises ValueError.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from keypoints.landmarks import Scheme, average

LIMIT = 8.0  # % of the eye distance: a worse face counts as failed
CORRECT = 5e-4  # MSE of coordinates 0…1: Zhou calls a face below it detected correctly


def point_errors(truth: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Euclidean distances (N, K), pixels of the image file; NaN where the truth lacks a point."""
    truth, predicted = _pair(truth, predicted, (None, None, 2))
    return np.linalg.norm(predicted - truth, axis=-1)


def nme(truth: np.ndarray, predicted: np.ndarray, eye_distance: np.ndarray) -> np.ndarray:
    """Mean error of each face's points (N,), % of its eye distance; NaN for a face without any."""
    errors = point_errors(truth, predicted)
    return 100 * average(errors, axis=1) / _faces("eye_distance", eye_distance, (len(errors),), positive=True)


def auc(errors: np.ndarray, limit: float = LIMIT) -> float:
    """Area under the cumulative curve of `errors` (N,) from 0 to `limit`, over `limit`: 0…1.

    A face of error e adds (limit - e) / limit to the integral of the step function, or nothing:
    the sum is exact.
    """
    errors = _faces("errors", errors, (None,))
    return float(1 - np.minimum(errors, limit).mean() / limit)


def cumulative(errors: np.ndarray, limit: float = LIMIT, steps: int = 161) -> np.ndarray:
    """The curve (steps, 2): an error from 0 to `limit`, and the share of faces with no more than it."""
    errors = _faces("errors", errors, (None,))
    grid = np.linspace(0, limit, steps)
    return np.stack([grid, np.searchsorted(np.sort(errors), grid, side="right") / len(errors)], axis=1)


def summary(
    truth: np.ndarray, predicted: np.ndarray, image_size: np.ndarray, eye_distance: np.ndarray
) -> dict[str, float]:
    """The figures of a set of faces; NaN where no point of any face is marked.

    mse:    mean squared error of coordinates divided by the image's width and height
    mae_px: mean absolute error of coordinates, pixels of the image file
    nme:    mean over faces, %
    auc_8:  area under the cumulative curve of the NME up to 8 %, 0…1
    fr_8:   share of the faces above 8 %, 0…1
    faces:  how many have a marked point (int)
    """
    face_errors = nme(truth, predicted, eye_distance)
    face_errors = face_errors[~np.isnan(face_errors)]
    offsets = np.asarray(predicted, np.float64) - np.asarray(truth, np.float64)
    image_size = _faces("image_size", image_size, (len(offsets), 2), positive=True)
    return {
        "mse": float(average((offsets / image_size[:, None]) ** 2)),
        "mae_px": float(average(np.abs(offsets))),
        "nme": float(average(face_errors)),
        "auc_8": auc(face_errors) if len(face_errors) else np.nan,
        "fr_8": float(average(face_errors > LIMIT)),
        "faces": len(face_errors),
    }


def share_correct(truth: np.ndarray, predicted: np.ndarray, image_size: np.ndarray) -> float:
    """Share of the faces whose MSE, as `summary` counts it, is below 5e-4: 0…1 (Zhou's write-up, part 2)."""
    truth, predicted = _pair(truth, predicted, (None, None, 2))
    image_size = _faces("image_size", image_size, (len(truth), 2), positive=True)
    errors = average(((predicted - truth) / image_size[:, None]) ** 2, axis=(1, 2))
    return float(np.mean(errors[~np.isnan(errors)] < CORRECT))


def by_group(
    labels: Sequence[str],
    truth: np.ndarray,
    predicted: np.ndarray,
    image_size: np.ndarray,
    eye_distance: np.ndarray,
) -> list[dict[str, str | float]]:
    """A row per distinct label (N,), sorted: kind "subset", the label as `name`, the summary of its faces."""
    of_face = np.asarray(labels, dtype=str)
    if of_face.shape != (len(truth),):
        raise ValueError(f"labels: {len(truth)} are needed, one per face, got the shape {of_face.shape}")
    arrays = [np.asarray(array) for array in (truth, predicted, image_size, eye_distance)]
    rows = []
    for name in sorted(set(of_face.tolist())):
        figures = summary(*(array[of_face == name] for array in arrays))
        rows.append({"kind": "subset", "name": name} | figures)
    return rows


def by_region(
    scheme: Scheme,
    truth: np.ndarray,
    predicted: np.ndarray,
    image_size: np.ndarray,
    eye_distance: np.ndarray,
) -> list[dict[str, str | float]]:
    """A row for every region of the scheme, sorted: kind "region", name, the summary of its points."""
    truth, predicted = _pair(truth, predicted, (None, scheme.points, 2))
    rows = []
    for name, points in sorted(scheme.regions.items()):
        figures = summary(truth[:, points], predicted[:, points], image_size, eye_distance)
        rows.append({"kind": "region", "name": name} | figures)
    return rows


def _pair(
    truth: np.ndarray, predicted: np.ndarray, shape: tuple[int | None, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Both as float64; raises ValueError unless of `shape`, and finite where the truth is marked."""
    missing = np.isnan(truth).all(axis=-1, keepdims=True)
    marked = _faces("truth", np.where(missing, 0, truth) if missing.any() else truth, shape)
    if not missing.any():
        return marked, _faces("predicted", predicted, marked.shape)
    found = _faces("predicted", np.where(missing, 0, predicted), marked.shape)
    return np.where(missing, np.nan, marked), found


def _faces(
    name: str, values: np.ndarray, shape: tuple[int | None, ...], positive: bool = False
) -> np.ndarray:
    """`values` as float64; raises ValueError unless of `shape` (None: any but 0) and finite."""
    array = np.asarray(values, dtype=np.float64)
    fits = array.ndim == len(shape) and all(w in (None, n) for w, n in zip(shape, array.shape, strict=True))
    if not fits or array.size == 0:
        needed = ", ".join("any" if n is None else str(n) for n in shape)
        raise ValueError(f"{name}: the shape ({needed}), not empty, is needed, not {array.shape}")
    good = np.isfinite(array) & ((array > 0) | (not positive))
    if not good.all():
        face = int(np.argmin(good.reshape(len(array), -1).all(axis=1)))
        raise ValueError(f"{name}: face {face} (from 0) is not {'positive' if positive else 'finite'}")
    return array
