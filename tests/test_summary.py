"""The layer table on the command line."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from keypoints import compose, summary


def test_the_summary_prints_layers_shapes_and_parameters(capsys: pytest.CaptureFixture[str]) -> None:
    summary.main(["nose=zhou", "face.train.lr=1e-3"], ["nose"])
    text = capsys.readouterr().out
    assert text.startswith("nose=zhou\n") and "Total params: 129,842" in text
    assert "[1, 12, 74, 54]" in text and "7,224" in text and "face" not in text
    summary.main(["heatmaps=zhou"], [])
    assert "heatmaps=zhou" in (text := capsys.readouterr().out) and "[1, 68, 224, 224]" in text


def test_the_summarys_command_line() -> None:
    command = [sys.executable, "-m", "keypoints.summary", "-S", "face=nobody"]
    environment = os.environ | {"PYTHONPATH": str(compose.CONF.parent)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and done.stderr.startswith("error: conf/: ") and "nobody" in done.stderr
