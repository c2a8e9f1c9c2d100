"""Git commands in the repository that a command runs in."""

from __future__ import annotations

import subprocess


def ask(*command: str) -> str:
    """The output of a git command. Raises OSError without git, CalledProcessError if the command fails."""
    return subprocess.run(["git", *command], capture_output=True, text=True, check=True).stdout


def ask_quietly(*command: str) -> str:
    """As `ask`, stripped; an empty text without git, without a repository, or if the command fails."""
    try:
        return ask(*command).strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
