"""MLflow's page with this project's runs, on this computer: `make ui`.

python -m keypoints.tracking.ui --port 5000
"""

from __future__ import annotations

import argparse
import os
import sys

from keypoints import errors, paths
from keypoints.tracking import cached, runs, store

# MLflow opens in another mode, which shows no run; the best run first.
VIEW = "runs?workflowType=machine_learning&orderByKey=metrics.%60figures%2Fnme%60&orderByAsc=true"


def main(port: int) -> None:
    """Send what is kept, add runs that DVC's run-cache gave, then serve. Raises `UserError`."""
    errors.import_extra("mlflow", "mlflow")
    runs.send_kept(seconds=60)
    target = store.connect(paths.workspace().resolve())
    if added := cached.add_missing(target):
        print(f"{added} runs added whose weights came from DVC's run-cache", file=sys.stderr)
    page = store.server() or f"http://127.0.0.1:{port}"
    print(f"{page}/#/experiments/{target.experiment}/{VIEW}", flush=True)
    if not store.server():
        # No jobs and one worker: nothing here needs more, and it starts in a quarter of the time.
        os.environ["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"
        command = ["mlflow", "ui", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
        os.execv(sys.executable, [sys.executable, "-m", *command, "--backend-store-uri", target.address])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=errors.summary(__doc__))
    parser.add_argument("--port", type=int, default=5000)
    errors.run(main, parser.parse_args().port)
