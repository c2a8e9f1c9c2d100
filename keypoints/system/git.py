"""What git says of the repository that a command runs in."""

from __future__ import annotations

import subprocess


def ask(*command: str) -> str:
    """What a command of git's prints. Raises OSError without git, CalledProcessError where it fails."""
    return subprocess.run(["git", *command], capture_output=True, text=True, check=True).stdout


def ask_quietly(*command: str) -> str:
    """The same without space around it; nothing where there is no git, no repository or no answer."""
    try:
        return ask(*command).strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
