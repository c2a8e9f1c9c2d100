"""Glasses, a moustache, a hat, a mask: drawn on faces by their points."""

from keypoints.overlays.placing import OVERLAYS, draw, patch

__all__ = ["OVERLAYS", "draw", "patch"]
