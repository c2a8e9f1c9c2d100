"""Films of drawn faces, whose truth is known in every frame: still, turning, walking past, cut, crossing."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageDraw

from keypoints.synthetic import outlines
from keypoints.synthetic.drawing import Scene, draw
from keypoints.synthetic.head import Expression, Head, Person, Pose, curve

RATE = 25  # frames per second
SECONDS = 4.0
SIZE = (640, 480)  # pixels
SCALE = 80.0  # pixels between the outer eye corners
NOISE = 8  # grey levels up to ±, other ones in each frame, as of a camera
HIDDEN = 0.5  # of the points: more, and nobody has to find the face
Path = Callable[[float], Pose]  # share of the film, 0…1 -> where a head is then


@dataclass(frozen=True)
class Frame:
    """image: RGB. points: of each actor (68, 2), pixels; None of one who is not there, or hidden."""

    image: Image.Image
    points: Sequence[np.ndarray | None]


@dataclass(frozen=True)
class Actor:
    """Somebody who is in the film from one share of it to another. Later actors are in front."""

    person: Person
    path: Path
    start: float = 0.0
    end: float = 1.0


def still(rng: np.random.Generator) -> list[Actor]:
    """Nothing moves but the noise."""
    return [Actor(someone(rng), lambda t: Pose(320, 230, SCALE, yaw=8, pitch=2))]


def turning(rng: np.random.Generator) -> list[Actor]:
    """A head turns from side to side, nods and tilts."""

    def path(t: float) -> Pose:
        turn = 2 * math.pi * t
        yaw, pitch, roll = 30 * math.sin(2 * turn), 8 * math.sin(3 * turn), 12 * math.sin(turn)
        return Pose(320, 230, SCALE, yaw, pitch, roll)

    return [Actor(someone(rng), path)]


def walking(rng: np.random.Generator) -> list[Actor]:
    """Somebody comes nearer from one side to the other, and waits in between."""

    def path(t: float) -> Pose:
        way = t - math.sin(4 * math.pi * t) / (4 * math.pi)
        return Pose(110 + 420 * way, 230 + 6 * math.sin(25 * t), SCALE * (0.8 + 0.4 * way), yaw=20 - 30 * way)

    return [Actor(someone(rng), path)]


def cut(rng: np.random.Generator) -> list[Actor]:
    """Half of the film is of one person, the other of another elsewhere."""
    first = Actor(someone(rng), lambda t: Pose(200, 240, SCALE, yaw=15 * math.sin(9 * t)), end=0.5)
    second = Actor(someone(rng), lambda t: Pose(450, 220, SCALE, yaw=15 * math.sin(9 * t)), start=0.5)
    return [first, second]


def crossing(rng: np.random.Generator) -> list[Actor]:
    """Two walk past each other; one is hidden behind the other for a while."""
    behind = Actor(someone(rng), lambda t: Pose(130 + 380 * t, 215, 0.8 * SCALE, yaw=15))
    before = Actor(someone(rng), lambda t: Pose(510 - 380 * t, 240, SCALE, yaw=-15))
    return [behind, before]


FILMS = {each.__name__: each for each in (still, turning, walking, cut, crossing)}


def shoot(name: str, seed: int) -> Iterator[Frame]:
    """The film of FILMS, frame by frame; the same seed, the same bytes."""
    actors = FILMS[name](np.random.default_rng([seed, 0]))
    frames = round(SECONDS * RATE)
    for number in range(frames):
        frame = take(actors, number / frames, Scene(noise=0, seed=seed))
        yield replace(frame, image=add_noise(frame.image, np.random.default_rng([seed, 1, number])))


def take(actors: Sequence[Actor], share: float, scene: Scene) -> Frame:
    """One frame."""
    image: Image.Image | None = None
    points: list[np.ndarray | None] = []
    for actor in actors:
        if not actor.start <= share < actor.end:
            points.append(None)
            continue
        pose = actor.path(share)
        drawing = draw(actor.person, Expression(), pose, scene, SIZE)
        shape = outline(Head(actor.person, Expression(), pose))
        points = [None if p is None or is_hidden(p, shape) else p for p in points]
        points.append(drawing.ibug)
        image = Image.composite(drawing.image, image, shape) if image else drawing.image
    assert image is not None  # somebody is there at all times
    return Frame(image, points)


def someone(rng: np.random.Generator) -> Person:
    """With hair that stays within the skull's outline."""
    return replace(Person.random(rng), style="short", beard=False)


def outline(head: Head) -> Image.Image:
    """A mask of SIZE: where the head and its body hide what is behind them."""
    shape = Image.new("L", SIZE)
    brush = ImageDraw.Draw(shape)
    face = np.concatenate([curve(head.ibug[:17], 65), outlines.hairline(head)])
    for part in (
        outlines.skull(head),
        outlines.ear(head, -1),
        outlines.ear(head, 1),
        face,
        *outlines.body(head),
    ):
        brush.polygon([(float(x), float(y)) for x, y in part], fill=255)
    return shape


def is_hidden(points: np.ndarray, shape: Image.Image) -> bool:
    """Whether most of these points lie under the mask."""
    places = np.rint(points).astype(int).clip(0, np.array(SIZE) - 1)
    return float((np.asarray(shape)[places[:, 1], places[:, 0]] > 0).mean()) > HIDDEN


def add_noise(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """As a camera's: other grains in each frame."""
    pixels = np.asarray(image).astype(np.int16)
    grains = rng.integers(-NOISE, NOISE + 1, pixels.shape, np.int16)
    return Image.fromarray((pixels + grains).clip(0, 255).astype(np.uint8))
