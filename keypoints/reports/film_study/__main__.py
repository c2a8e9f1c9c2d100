"""How steadily faces are followed through drawn films, beside MediaPipe and dlib: `make films`.

The films are those of keypoints/synthetic/films.py, whose truth is known. Each program sees every frame once.
Writes results/films.md. Without `--python`, another environment's that has them, MediaPipe and dlib are left
out.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from keypoints import Predictor, errors, files
from keypoints.predict.films.following import Follower
from keypoints.predict.films.smoothing import Smoother
from keypoints.reports import markdown
from keypoints.reports.film_study import peers, tracks
from keypoints.synthetic import films

OUT = Path("results/films.md")
SEEDS = (1, 2, 3)  # the casts; the smoother's constants were chosen on 0
OURS, BARE = "keypoints", "without smoothing"
PEERS = {"mediapipe": "MediaPipe", "dlib": "dlib, boxes"}
HEADER = [
    "film",
    "program",
    "CPU ms per frame",
    "lost",
    "others",
    "switched",
    "NME, %",
    "jitter, %",
    "lag, ms",
]
SHOWN: dict[str, Callable[[float], str]] = {  # of tracks.Figures, as the header says
    "lost": "{:.1%}".format,
    "others": "{:.2f}".format,
    "switched": "{:.1f}".format,
    "nme": lambda share: f"{100 * share:.2f}",
    "jitter": lambda share: f"{100 * share:.2f}",
    "lag": lambda seconds: f"{1000 * seconds:.0f}",
}
Answer = tuple[float, list[list[tracks.Seen]]]  # milliseconds per frame, and what was seen in each


def main(python: str | None) -> None:
    rows: list[list[markdown.Cell]] = []
    for name in films.FILMS:
        shots = [list(films.shoot(name, seed)) for seed in tqdm(SEEDS, desc=name, disable=None)]
        answers: dict[str, list[Answer]] = {OURS: [], BARE: []}
        for shot in shots:
            bare, smooth = follow([frame.image for frame in shot])
            answers[BARE].append(bare)
            answers[OURS].append(smooth)
            for peer, title in PEERS.items() if python else ():
                answers.setdefault(title, []).append(ask(str(python), peer, shot))
        for program, of_shots in answers.items():
            rows.append([name, program, *average(shots, of_shots)])
    lines = ["# Films", "", "Written by `make films` (keypoints/reports/film_study).", "", *describe(), ""]
    with files.whole(OUT) as path:
        path.write_text("\n".join([*lines, *markdown.table(HEADER, rows)]) + "\n")
    print(f"{OUT} is written")


def describe() -> Iterator[str]:
    """What is measured, in words."""
    frames = round(films.SECONDS * films.RATE)
    width, height = films.SIZE
    yield f"Drawn films of {frames} frames, {width} × {height} pixels, {films.RATE} per second; means over"
    yield f"{len(SEEDS)} casts. MediaPipe and dlib are measured where they are installed."
    yield ""
    yield "*lost*: share of the faces that are not found; *others*: faces that are not there, per frame;"
    yield "*switched*: changes of a face's number; *NME*, and *jitter*, what the error changes by from frame"
    yield "to frame: of the eye distance; *lag*: how far the points are behind. MediaPipe's points lie"
    yield "elsewhere by definition, which its NME shows; jitter and lag are free of that."


def follow(images: Sequence[Image.Image]) -> tuple[Answer, Answer]:
    """What the project sees, bare and smoothed."""
    follower, smooth = Follower(Predictor(threads=1), films.RATE), Smoother()
    bare, steady = [], []
    start = time.process_time()
    for number, image in enumerate(images):
        seen = follower(image)
        faces = smooth(seen, number / films.RATE)
        bare.append([tracks.Seen(each.face.points[tracks.INNER], each.number) for each in seen])
        steady.append(
            [
                tracks.Seen(face.points[tracks.INNER], each.number)
                for face, each in zip(faces, seen, strict=True)
            ]
        )
    taken = 1000 * (time.process_time() - start) / len(images)
    return (taken, bare), (taken, steady)


def ask(python: str, peer: str, shot: Sequence[films.Frame]) -> Answer:
    """What another program sees. Raises CalledProcessError."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "frames.npy"
        np.save(file, np.stack([np.asarray(frame.image) for frame in shot]))
        command = [python, str(peers.__file__), peer, str(file)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    answer = json.loads(done.stdout)
    return answer["ms"], [[tracks.Seen(np.array(face)) for face in faces] for faces in answer["faces"]]


def average(shots: Sequence[Sequence[films.Frame]], answers: Sequence[Answer]) -> list[str]:
    """The row of a program: means over the casts."""
    made = [
        tracks.measure([frame.points for frame in shot], seen, films.RATE).as_dict()
        for shot, (_, seen) in zip(shots, answers, strict=True)
    ]
    cells = [f"{np.mean([ms for ms, _ in answers]):.1f}"]
    for name, show in SHOWN.items():
        value = mean([figures[name] for figures in made])
        cells.append("" if value is None else show(value))
    return cells


def mean(values: Sequence[float | None]) -> float | None:
    """Of those that there are."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=errors.summary(__doc__))
    parser.add_argument("--python", help="an interpreter that has mediapipe and dlib")
    args = parser.parse_args()
    errors.run(main, args.python)
