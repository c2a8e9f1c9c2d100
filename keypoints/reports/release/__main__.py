"""Put the weights of the workspace's real run into pretrained/, with a card for each: `make release`.

    python -m keypoints.reports.release landmarks   # these parts only; the others stay as they are
    python -m keypoints.reports.release --cards     # only new cards, of the weights that are there

Half precision; the figures on the cards are of those very files, by the tensors of the workspace.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from keypoints import errors, files, paths, pretrained
from keypoints.errors import UserError
from keypoints.export import onnx_graph
from keypoints.models.trained import Trained
from keypoints.pretrained import FOLDER, SHIPPED
from keypoints.reports.release import card_figures, model_card
from keypoints.settings import params
from keypoints.settings.recipes import Part

FIGURES = FOLDER / "figures.json"
REMOTE = "shipped"  # of .dvc/config: pretrained/store


def main(names: list[str], cards: bool) -> None:
    if unknown := set(names) - set(SHIPPED):
        raise UserError(f"{min(unknown)}: shipped are {', '.join(SHIPPED)}")
    settings = params.load()
    if settings.profile.name != "real":
        raise UserError(f"params.yaml is of the profile {settings.profile.name}: run `make real` first")
    kept = json.loads(FIGURES.read_text()) if cards or names else {}
    about: dict[str, Any] = dict.fromkeys(SHIPPED) | kept
    for name in names or SHIPPED:
        part = settings.part(name)
        about[name] = {key: kept[name][key] for key in ("trained", "bytes")} if cards else release(name, part)
        about[name] |= card_figures.measure(name, Trained.load(pretrained.file(name, "pt"), part))
        with files.whole(FOLDER / f"{name}.md") as card:
            card.write_text(model_card.write(name, part, about[name]))
    with files.whole(FIGURES) as table:
        table.write_text(json.dumps(about, indent=2) + "\n")
    for name in names or SHIPPED:
        print(f"{FOLDER.relative_to(paths.ROOT)}/{name}.pt: {about[name]['bytes']:,} bytes")


def release(name: str, part: Part) -> dict[str, Any]:
    """Store the workspace's weights of a part; what they are: their hash in dvc.lock, and the bytes."""
    source, path = paths.weights(name), FOLDER / f"{name}.pt"
    Trained.load(source, part).save(path, half=True)
    about = {"trained": hash_in_lock(name, source), "bytes": path.stat().st_size}
    store(path)
    store_onnx(name, Trained.load(path, part))
    return about


def store_onnx(name: str, trained: Trained) -> None:
    """The same weights as the ONNX file that the light runtime reads."""
    path = FOLDER / f"{name}.onnx"
    onnx_graph.save(trained, name, path, half=True)
    store(path)


def hash_in_lock(name: str, source: Path) -> str:
    """The hash that dvc.lock has of a part's weights, which must be those. Raises `UserError`."""
    outs = yaml.safe_load(Path("dvc.lock").read_text())["stages"][f"train@{name}"]["outs"]
    found = next(out["md5"] for out in outs if out["path"] == str(source))
    if files.digest(source, "md5") != found:
        raise UserError(f"{source} is not the one of dvc.lock: run `dvc repro`")
    return found


def store(path: Path) -> None:
    """Give a file to DVC, which keeps it in the remote inside of the repository. Raises `UserError`."""
    pointer = Path(f"{path}.dvc")
    for command in (("add", "--quiet", str(path)), ("push", "--quiet", "-r", REMOTE, str(pointer))):
        done = run_dvc(*command)
        if done.returncode:
            raise UserError(f"dvc {command[0]} {path.name}: {done.stderr.strip()[-300:]}")
    content = yaml.safe_load(pointer.read_text())
    content["outs"][0]["remote"] = REMOTE  # or a plain `dvc pull` would look for a default one
    pointer.write_text(yaml.safe_dump(content, sort_keys=False))


def run_dvc(*arguments: str) -> subprocess.CompletedProcess[str]:
    """DVC of this environment, at the project's root."""
    command = [sys.executable, "-m", "dvc", *arguments]
    return subprocess.run(command, cwd=paths.ROOT, capture_output=True, text=True, check=False)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=errors.summary(__doc__))
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(SHIPPED)}; all of them unless said")
    parser.add_argument("--cards", action="store_true", help="only the cards, of the weights that are there")
    args = parser.parse_args()
    errors.run(main, args.parts, args.cards)
