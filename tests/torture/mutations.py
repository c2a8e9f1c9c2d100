"""Damage to files, drawn by a seed: the same seed gives the same inputs."""

from __future__ import annotations

import random

EDGES = [0, 1, 0x7F, 0x80, 0xFE, 0xFF]
WORDS = [b"nan", b"-inf", b"1e999", b"9" * 400, b"-1", b"\x1b[2J", b"\xff\xfe", b"../../x", b"[" * 300, b"\0"]


def damaged(whole: bytes, rng: random.Random) -> bytes:
    """A copy with one to eight changes: bits, bytes, numbers, words, runs cut out, doubled or moved."""
    data = bytearray(whole)
    for _ in range(rng.choice([1, 1, 2, 4, 8])):
        if data:
            rng.choice(KINDS)(data, rng)
    return bytes(data)


def flip(data: bytearray, rng: random.Random) -> None:
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def overwrite(data: bytearray, rng: random.Random) -> None:
    data[rng.randrange(len(data))] = rng.choice(EDGES)


def number(data: bytearray, rng: random.Random) -> None:
    """Two, four or eight bytes become an extreme number, of either byte order."""
    size = rng.choice([2, 4, 8])
    place = rng.randrange(len(data))
    value = rng.choice([0, 1, 2 ** (8 * size) - 1, 2 ** (8 * size - 1), rng.getrandbits(8 * size)])
    data[place : place + size] = value.to_bytes(size, rng.choice(["little", "big"]))


def cut_end(data: bytearray, rng: random.Random) -> None:
    del data[rng.randrange(len(data)) :]


def cut_out(data: bytearray, rng: random.Random) -> None:
    place = rng.randrange(len(data))
    del data[place : place + rng.randrange(1, 200)]


def double(data: bytearray, rng: random.Random) -> None:
    place = rng.randrange(len(data))
    run = data[place : place + rng.randrange(1, 200)]
    data[place:place] = run * rng.choice([1, 2, 50])


def insert(data: bytearray, rng: random.Random) -> None:
    place = rng.randrange(len(data))
    data[place:place] = rng.choice(WORDS)


def replace(data: bytearray, rng: random.Random) -> None:
    """What lies between two places becomes a word, as a value in a text does."""
    place = rng.randrange(len(data))
    data[place : place + rng.randrange(1, 12)] = rng.choice(WORDS)


KINDS = (flip, overwrite, number, cut_end, cut_out, double, insert, replace)
