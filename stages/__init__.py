"""The stages of dvc.yaml: each module is a command, which may be interrupted even during its imports."""

from keypoints.system import interrupts

interrupts.expect()
