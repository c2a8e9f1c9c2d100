"""MLflow: one run per trained part, which never stops or delays a stage.

A stage tells a `Run` what happens (`runs`); that goes into a journal on disk (`journal`), and a process
beside the stage (`sending`) brings it to MLflow. What is wrong with the store is said once; what it has not
taken stays in `.tracking/` until the next stage, or `make ui`, brings it there. KEYPOINTS_TRACKING=off turns
all of it off. Nothing here decides a result, and a stage itself never imports MLflow.
"""

from keypoints.tracking.runs import measured_run, to_figures, training_run

__all__ = ["measured_run", "to_figures", "training_run"]
