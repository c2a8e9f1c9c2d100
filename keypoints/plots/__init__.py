"""Pictures of faces, points, maps, weights and figures: each function writes one PNG.

Points are pixels of the picture they are drawn on, the centre of the first pixel at (0, 0), y
downwards. The same input gives the same bytes. Nothing global changes: no pyplot, and the style
holds only while a picture is drawn. A picture that fails leaves no file and the former one as it was.
"""

from keypoints.plots.charts import cumulative, curves, directions, point_error
from keypoints.plots.faces import heatmaps, photograph, predictions, samples, snapshots
from keypoints.plots.nets import components, filters, heatmap_grid

__all__ = [
    "components",
    "cumulative",
    "curves",
    "directions",
    "filters",
    "heatmap_grid",
    "heatmaps",
    "photograph",
    "point_error",
    "predictions",
    "samples",
    "snapshots",
]
