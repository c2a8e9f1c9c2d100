"""The stages: each module is a command, which may be interrupted while it still imports."""

from keypoints.system import interrupts

interrupts.expect()
