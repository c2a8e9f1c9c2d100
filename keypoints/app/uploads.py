"""Limits of uploads to the page's server: their number, bytes and time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Request

MAX_BYTES = 32 * 2**20  # of an upload
AT_ONCE = 64  # uploads that are being read or wait for their turn
HELD = 256 * 2**20  # bytes of all of them together
SECONDS = 60.0  # until the last byte of an upload has come


class Refused(Exception):
    """A request that is answered by an HTTP `status` and a message for the user."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


class Uploads:
    """The uploads that one server holds now."""

    def __init__(self) -> None:
        self.count = self.held = 0

    @asynccontextmanager
    async def receive(self, request: Request) -> AsyncIterator[bytes]:
        """The bytes of a request, which count towards HELD until the block ends. Raises `Refused`."""
        if self.count >= AT_ONCE:
            raise Refused(429, "Too many pictures at once; try again in a moment")
        data = bytearray()
        self.count += 1
        try:
            try:
                async with asyncio.timeout(SECONDS):
                    await self._read(request, data)
            except TimeoutError:
                raise Refused(408, f"This file did not arrive within {SECONDS:.0f} seconds") from None
            yield bytes(data)
        finally:
            self.count -= 1
            self.held -= len(data)

    async def _read(self, request: Request, data: bytearray) -> None:
        """Append the bytes as they arrive: the announced length may be missing or wrong."""
        async for chunk in request.stream():
            data += chunk
            self.held += len(chunk)
            if len(data) > MAX_BYTES:
                raise Refused(413, f"This file is larger than {MAX_BYTES >> 20} MB")
            if self.held > HELD:
                raise Refused(429, "Too many pictures at once; try again in a moment")
