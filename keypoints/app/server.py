"""The page's server: pictures in, faces out; it answers this computer only and keeps nothing.

POST /api/faces?part=landmarks&detector=faces&overlay=glasses   a picture's bytes -> JSON
     &box=10,20,80,80   the face in this box, in pixels as dlib draws it, and no detector; also several
     &fast=1            one look at each face, for live pictures: without its mirror image
GET  /api/options                                               the choices: parts, detectors, overlays
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request, Response
from fastapi.responses import FileResponse, JSONResponse
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import ClientDisconnect

from keypoints import overlays
from keypoints.app.answers import Question, answer, read_boxes
from keypoints.app.models import Models
from keypoints.app.uploads import MAX_BYTES, Refused, Uploads
from keypoints.errors import UserError

HERE = Path(__file__).parent
PAGE = "page.html"
FILES = (PAGE, "page.css", *sorted(file.name for file in HERE.glob("*.js")))
HOSTS = ["127.0.0.1", "localhost"]  # any other name for this server is an attack (DNS rebinding)
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def create(models: Models) -> FastAPI:
    """The application, with one worker for all pictures."""
    uploads = Uploads()
    worker = ThreadPoolExecutor(1)  # one picture at a time, also in memory: the net takes all cores for one

    @asynccontextmanager
    async def serving(_: FastAPI) -> AsyncIterator[None]:
        yield
        worker.shutdown(wait=False, cancel_futures=True)

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=serving)

    @app.post("/api/faces")
    async def faces(
        request: Request,
        part: str | None = None,
        detector: str | None = None,
        box: Annotated[list[str] | None, Query()] = None,
        overlay: str | None = None,
        fast: bool = False,
    ) -> dict[str, Any]:
        question = Question(*models.check(part, detector), read_boxes(box) if box else None, overlay, fast)
        async with uploads.receive(request) as data:
            return await asyncio.get_running_loop().run_in_executor(worker, answer, models, data, question)

    @app.get("/api/options")
    def options() -> dict[str, Any]:
        return {**models.choices(), "overlays": list(overlays.OVERLAYS), "max_bytes": MAX_BYTES}

    for file in FILES:
        app.api_route(f"/{file}".removesuffix(PAGE), methods=["GET", "HEAD"])(serve(HERE / file))
    app.add_exception_handler(Refused, refuse)
    app.add_exception_handler(UserError, refuse)
    app.add_exception_handler(ClientDisconnect, leave)
    app.middleware("http")(guard)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=HOSTS, www_redirect=False)
    return app


def serve(path: Path) -> Callable[[], FileResponse]:
    """A handler that answers with this file; without arguments, which FastAPI would take from the request."""
    return lambda: FileResponse(path)


def refuse(_: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"error": str(error)}, getattr(error, "status", 503))


def leave(_: Request, __: Exception) -> Response:
    return Response(status_code=408)  # the client has gone, nobody reads it


async def guard(request: Request, handle: Callable) -> Response:
    """Refuse requests from other sites' pages, and add HEADERS to every response."""
    origin = request.headers.get("origin")
    if origin and origin != f"http://{request.headers.get('host')}":
        response: Response = JSONResponse({"error": "This page serves itself only"}, 403)
    else:
        response = await handle(request)
    response.headers.update(HEADERS)
    return response
