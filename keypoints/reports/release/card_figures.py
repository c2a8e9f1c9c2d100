"""The figures of a model card: how far shipped weights err, and in what circumstances."""

from __future__ import annotations

from typing import Any

from keypoints import crops, paths
from keypoints.datasets import tensors
from keypoints.evaluation import contours, metrics
from keypoints.landmarks import SCHEMES
from keypoints.models.trained import Trained
from keypoints.pretrained import PARTS
from keypoints.reports.release import changed_faces, conditions
from keypoints.reports.release.conditions import Annotated

FIGURES = ("nme", "mae_px", "auc_8", "fr_8", "faces")  # of all test faces, and of each subset
ANNOTATED = {"nose": "face"}  # the part whose tensors have all points of the same faces


def measure(name: str, trained: Trained) -> dict[str, Any]:
    """All figures of a card by the tensors of the workspace, to five digits."""
    faces = tensors.load(paths.tensors(name)).held_out()
    found: dict[str, Any] = {"figures": measure_looks(trained, faces)}
    if name in PARTS:
        annotated = tensors.load(paths.tensors(ANNOTATED.get(name, name))).held_out()
        found |= measure_circumstances(trained, faces, annotated)
    return round_figures(found)


def measure_looks(trained: Trained, faces: tensors.Faces) -> dict[str, Any]:
    """look -> all test faces and each subset of them -> FIGURES."""
    truth, sizes = faces.in_image(faces.points), (faces.image_size, faces.eye_distance)
    figures: dict[str, Any] = {}
    for look, flip in (("one look", False), ("with the mirrored face", True)):
        found = faces.in_image(trained.points(faces.crops(), flip=flip))
        rows: list[dict[str, Any]] = [{"name": "all test faces", **metrics.summary(truth, found, *sizes)}]
        rows += metrics.by_group(faces.subset.tolist(), truth, found, *sizes)
        figures[look] = {row["name"]: {key: float(row[key]) for key in FIGURES} for row in rows}
    return figures


def measure_circumstances(trained: Trained, faces: tensors.Faces, annotated: tensors.Faces) -> dict[str, Any]:
    """The figures with the mirrored face by outline, by condition and by change; without mirrored twins.

    `annotated` are the same faces as `faces` in the same order, with all of their points.
    """
    faces, annotated = conditions.without_twins(faces), conditions.without_twins(annotated)
    assert faces.name.tolist() == annotated.name.tolist()
    points = crops.apply(faces.matrices, annotated.in_image(annotated.points))
    shown = Annotated(faces, points, next(s for s in SCHEMES.values() if s.points == points.shape[1]))
    found = trained.points(faces.crops(), flip=True)
    truth, predicted = faces.in_image(faces.points), faces.in_image(found)
    return {
        "outlines": contours.measure(trained.scheme, truth, predicted, faces.eye_distance),
        "conditions": conditions.measure_groups(shown, found),
        "changes": changed_faces.measure_changes(trained, shown, found),
    }


def round_figures(tree: Any) -> Any:
    """A tree of figures to five digits, whole numbers and words as they are."""
    if isinstance(tree, dict):
        return {key: round_figures(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [round_figures(value) for value in tree]
    return float(f"{tree:.5g}") if isinstance(tree, float) else tree
