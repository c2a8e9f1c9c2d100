"""A run's description in MLflow, and its card: one HTML page of figures, settings and pictures."""

from __future__ import annotations

from pathlib import Path

from keypoints.tracking import html_page
from keypoints.tracking.journal import Event

FILE = "card.html"


def note(facts: Event, experiment: str, run_id: str, figures: dict[str, float]) -> str:
    """The description, Markdown."""
    data = f"{facts['dataset']} ({facts['profile']})"
    text = [f"**{facts['part']}** by the recipe `{facts['recipe']}`, data set {data}."]
    if nme := figures.get("figures/nme"):
        address = f"#/experiments/{experiment}/runs/{run_id}/artifacts/{FILE}"
        text.append(f"NME {nme:.2f} %. [Figures and pictures on one page]({address})")
    return " ".join(text)


def write(path: Path, facts: Event, figures: dict[str, float], pictures: Path) -> Path:
    """Write the page of one run; all pictures are in it."""
    rows = [[key.partition("/")[2], f"{value:.4g}"] for key, value in figures.items()]
    settings = [[key, str(value)] for key, value in facts["settings"].items()]
    body = [
        html_page.table(["figure", "held-out faces"], rows),
        *(html_page.picture(file, file.stem) for file in sorted(pictures.glob("*.png"))),
        "<h2>Settings</h2>",
        html_page.table(["setting", "value"], settings),
    ]
    path.write_text(html_page.page(f"{facts['part']} {facts['recipe']}", body), encoding="utf-8")
    return path
