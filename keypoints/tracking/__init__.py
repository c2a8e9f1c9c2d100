"""MLflow: one run per trained part, which never stops or delays a stage.

A stage reports to a `Run` (`runs`), which writes a journal on disk (`journal`); a process beside the stage
(`sending`) sends it to MLflow. Problems with the store are reported once; what it has not accepted stays in
`.tracking/` until the next stage, or `make ui`, sends it. KEYPOINTS_TRACKING=off turns all of it off. Nothing
here decides a result, and a stage itself never imports MLflow.
"""

from keypoints.tracking.runs import measured_run, to_figures, training_run

__all__ = ["measured_run", "to_figures", "training_run"]
