"""The stages of dvc.yaml: each module is a command, which may be interrupted even during its imports."""

import gc
import sys

from keypoints.system import interrupts

interrupts.expect()
if sys.argv[0] == "-m":  # Python still looks for the command, which imports much before it calls `errors.run`
    gc.disable()
