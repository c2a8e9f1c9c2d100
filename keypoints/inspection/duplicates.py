"""The same photograph twice: byte for byte, or nearly, by a hash of what it shows."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from keypoints.inspection.findings import Finding
from keypoints.pictures import images

SIDE = 16  # the hash has SIDE x SIDE bits
NEAR = 12  # bits: recompressed or scaled copies differ in fewer
FLAT = 4  # grey levels: a picture with less in it looks like any other
MOST = 20_000  # pictures that are compared with each other


@dataclass
class Duplicates:
    """Collects pictures one by one."""

    first: dict[bytes, str] = field(default_factory=dict)
    equal: list[Finding] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    hashes: list[np.ndarray] = field(default_factory=list)

    def add(self, name: str, content: bytes) -> None:
        """Note a file and what it shows. Raises ValueError for what is no picture."""
        image = images.decode_small(content, 4 * SIDE)
        digest = hashlib.sha256(content).digest()
        if digest in self.first:
            self.equal.append(Finding("twice", name, f"the same file as {self.first[digest]}"))
            return
        self.first[digest] = name
        grey = np.asarray(image.resize((SIDE + 1, SIDE), Image.Resampling.BOX), np.int16)
        if np.ptp(grey) > FLAT and len(self.names) < MOST:
            self.names.append(name)
            # Whether it grows brighter to the right (dHash; Krawetz, 2013).
            self.hashes.append(np.packbits(grey[:, 1:] > grey[:, :-1]).view(np.uint64))

    def find(self) -> list[Finding]:
        """The copies, each with the first picture that it is like."""
        near = []
        hashes = np.array(self.hashes)
        for k in range(1, len(hashes)):
            apart = np.bitwise_count(hashes[:k] ^ hashes[k]).sum(axis=1)
            if apart.min() <= NEAR:
                near.append(
                    Finding("alike", self.names[k], f"shows nearly the same as {self.names[apart.argmin()]}")
                )
        return [*self.equal, *near]
