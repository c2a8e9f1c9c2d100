"""Glasses, a moustache, a hat, a mask: drawn on faces by their points."""

from keypoints.overlays.placing import OVERLAYS, check, draw, patch

__all__ = ["OVERLAYS", "check", "draw", "patch"]
