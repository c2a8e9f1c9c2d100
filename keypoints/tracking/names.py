"""What a run is called, and its tags: part, recipe, what differs from the option's file, DVC's experiment."""

from __future__ import annotations

from typing import Any

from keypoints.settings.params import leaves
from keypoints.tracking.journal import Event

LONGEST = 120  # characters of a name


def run_name(facts: Event) -> str:
    """`nose best train.lr=0.0005 lazy-fox`."""
    changed = changes(facts)
    name = " ".join(filter(None, [facts["part"], facts["recipe"], *changed, facts["experiment"]]))
    if len(name) > LONGEST:
        count = f"{len(changed)} changes"
        name = " ".join(filter(None, [facts["part"], facts["recipe"], count, facts["experiment"]]))
    return name[:LONGEST]


def tags(facts: Event) -> dict[str, str]:
    """Of a run; those with `mlflow.` fill columns of MLflow's own."""
    known = {
        "part": facts["part"],
        "recipe": facts["recipe"],
        "changed": " ".join(changes(facts)),
        "profile": facts["profile"],
        "settings": facts["digest"],
        "fingerprint": facts.get("fingerprint", ""),
        "dvc_experiment": facts["experiment"],
        "mlflow.source.name": f"stages/{'train' if facts['kind'] == 'training' else 'render'}.py",
        "mlflow.source.type": "LOCAL",
        "mlflow.source.git.commit": facts["revision"],
        "mlflow.source.git.branch": facts["branch"],
    }
    return {key: value for key, value in known.items() if value}


def changes(facts: Event) -> list[str]:
    """`key=value` for every setting that is not as the option's file says, with this profile."""
    settings = facts["settings"]
    default = option_settings(facts["part"], facts["recipe"], facts["profile"])
    return [f"{key}={settings[key]}" for key in settings if key in default and default[key] != settings[key]]


def option_settings(part: str, recipe: str, profile: str) -> dict[str, Any]:
    """The settings that the option's file gives; none where conf/ has no such option."""
    from keypoints import compose
    from keypoints.errors import UserError

    try:
        composed = compose.read([f"profile={profile}", f"{part}={recipe}"])
    except UserError:
        return {}
    return dict(leaves({**composed[part], **{key: composed[key] for key in ("seed", "threads")}}))
