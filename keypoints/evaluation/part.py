"""The figures of one trained part: all that the evaluate stage writes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from keypoints.datasets.tensors import EYES, Faces
from keypoints.evaluation import contours, diagnosis, metrics
from keypoints.landmarks import average

if TYPE_CHECKING:
    from keypoints.models.trained import Trained


@dataclass
class Evaluation:
    """A trained part, held-out faces, and the points `found` (N, K, 2) on them, pixels of the crop.

    Everything else is in pixels of the image files, or in % of the distance of the outer eye corners, or of
    what stands for it (`Faces.unit`).
    """

    trained: Trained
    faces: Faces
    found: np.ndarray

    @cached_property
    def truth(self) -> np.ndarray:
        return self.faces.in_image(self.faces.points)

    @cached_property
    def predicted(self) -> np.ndarray:
        return self.faces.in_image(self.found)

    @cached_property
    def mean_shape(self) -> np.ndarray:
        """What the predictor gives that always answers the average training face."""
        return self.faces.in_image(np.broadcast_to(self.trained.mean_shape, self.found.shape))

    @cached_property
    def kept(self) -> np.ndarray:
        """What the codec keeps of the truth."""
        return self.faces.in_image(diagnosis.encode_and_decode(self.trained.codec, self.faces.points))

    @cached_property
    def outside(self) -> np.ndarray:
        """Which points (N, K) the crop cuts off: 1 or 0, NaN for a missing one."""
        return diagnosis.find_outside(self.faces.points, self.faces.size)

    def nme(self, points: np.ndarray) -> np.ndarray:
        """Of each face (N,), %."""
        return metrics.nme(self.truth, points, self.faces.eye_distance)

    @cached_property
    def figures(self) -> dict[str, float]:
        """Of all faces together, to six digits: all that is measured."""
        units = self.faces.image_size, self.faces.eye_distance
        figures = metrics.summary(self.truth, self.predicted, *units)
        figures["correct"] = metrics.share_correct(self.truth, self.predicted, self.faces.image_size)
        figures |= diagnosis.measure_following(self.faces.points, self.found)
        figures |= self._contours()
        figures["codec_nme"] = round(float(self.nme(self.kept).mean()), 4)
        figures["outside"] = float(average(self.outside))
        baseline = metrics.summary(self.truth, self.mean_shape, *units)
        figures |= {f"mean_shape_{key}": value for key, value in baseline.items() if key != "faces"}
        state = self.trained.codec.state()
        if "explained" in state:
            figures["pca_explained"] = float(state["explained"])  # of the training shapes
        return {key: float(f"{value:.6g}") if key != "faces" else value for key, value in figures.items()}

    def compared(self) -> dict[str, Any]:
        """The few figures that people compare runs by; `mse` in units of 1e-4, or it would read 0.0001.

        Of the errors along and across outlines, those of all, and of the jaw where there is one. And what
        the NME is divided by, where that is not the eyes' distance.
        """
        figures = self.figures
        unit = {} if self.faces.unit == EYES else {"nme_unit": self.faces.unit}
        keys = ("mae_px", "auc_8", "fr_8", "mean_shape_nme", "along", "across", "jaw_along", "jaw_across")
        return {
            "nme": figures["nme"],
            "mse_1e-4": float(f"{figures['mse'] * 1e4:.6g}"),
            **{key: figures[key] for key in keys if key in figures},
            **unit,
        }

    def groups(self) -> list[dict[str, Any]]:
        """A row for every subset and every region of the face: its figures, and a net's limits there.

        Where no face has a point marked, there is no row.
        """
        limits = [round(float(row["nme"]), 4) for row in self._by_group(self.kept)]
        shares = diagnosis.measure_shares(self.outside, self.faces.subset.tolist(), self.trained.scheme)
        return [
            row | {"codec_nme": limit, "outside": share}
            for row, limit, share in zip(self._by_group(self.predicted), limits, shares, strict=True)
            if row["faces"]
        ]

    def curve(self) -> dict[str, np.ndarray]:
        """The cumulative curve: an error, the share of the faces below it, and the mean shape's share."""
        curve = metrics.cumulative(self.nme(self.predicted))
        mean_shape = metrics.cumulative(self.nme(self.mean_shape))
        return {"nme": curve[:, 0], "share": curve[:, 1], "mean_shape_share": mean_shape[:, 1]}

    def predictions(self) -> dict[str, np.ndarray]:
        """What pictures need of each face, as `predictions.LAYOUT` says: points, NMEs, the points' errors.

        Errors are %, and NaN where the truth lacks a point.
        """
        point_errors = metrics.point_errors(self.truth, self.predicted)
        return {
            "points": self.found.astype(np.float32),
            "nme": self.nme(self.predicted).astype(np.float32),
            "mean_shape_nme": self.nme(self.mean_shape).astype(np.float32),
            "point_nme": 100 * point_errors / self.faces.eye_distance[:, None],
        }

    def _contours(self) -> dict[str, float]:
        """The figures of `contours.measure` under flat names: `along`, and a region's as `jaw_along`."""
        args = self.trained.scheme, self.truth, self.predicted, self.faces.eye_distance
        return {
            "_".join(filter(None, (region, key))): value
            for region, row in contours.measure(*args).items()
            for key, value in row.items()
        }

    def _by_group(self, points: np.ndarray) -> list[dict[str, Any]]:
        units = self.faces.image_size, self.faces.eye_distance
        subsets = metrics.by_group(self.faces.subset.tolist(), self.truth, points, *units)
        return subsets + metrics.by_region(self.trained.scheme, self.truth, points, *units)
