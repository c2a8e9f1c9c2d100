"""Demo faces that the project draws itself, packed as the official archives are."""

from keypoints.synthetic.archives import write

__all__ = ["write"]
