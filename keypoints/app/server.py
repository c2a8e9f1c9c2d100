"""The server of the page: pictures in, faces out; on this computer only, and nothing is kept.

POST /api/faces?part=landmarks&overlay=glasses   a picture's bytes -> JSON
GET  /api/options                                what there is to choose
"""

from __future__ import annotations

import asyncio
import base64
import io
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse, JSONResponse
from PIL import Image
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import ClientDisconnect

from keypoints import images, overlays
from keypoints.app.uploads import MAX_BYTES, Refused, Uploads
from keypoints.errors import UserError
from keypoints.landmarks import Scheme

if TYPE_CHECKING:
    from keypoints.predict.predictor import Face, Predictor

HERE = Path(__file__).parent
PAGE = "page.html"
FILES = (PAGE, "page.css", "page.js", "marks.js", "camera.js", "saving.js")
HOSTS = ["127.0.0.1", "localhost"]  # another name that leads here is somebody else's (DNS rebinding)
MAX_OVERLAY = 800  # pixels per side of an overlay that is sent; the page magnifies it
LABELS = {"landmarks": "68 points", "face": "58 points", "nose": "Nose"}
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def create(predictors: Mapping[str, Callable[[], Predictor]]) -> FastAPI:
    """The application. `predictors`: part -> what makes its predictor, called at its first picture."""
    made: dict[str, Predictor] = {}
    uploads = Uploads()
    worker = ThreadPoolExecutor(1)  # one picture at a time, also in memory: the net takes all cores for one

    @asynccontextmanager
    async def serving(_: FastAPI) -> AsyncIterator[None]:
        yield
        worker.shutdown(wait=False, cancel_futures=True)

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=serving)

    def answer(data: bytes, part: str, overlay: str | None) -> dict[str, Any]:
        try:
            image = images.decode(data, 3, upright=True)
        except ValueError as error:
            why = str(error).partition(":")[0]  # what follows are Pillow's words for programmers
            raise Refused(422, f"This file cannot be read: {why}") from None
        if part not in made:
            made[part] = predictors[part]()
        faces = made[part](image)
        scheme = made[part].scheme
        try:
            drawings = (
                [draw_overlay(overlay, image.size, face, scheme) for face in faces] if overlay else None
            )
        except UserError as error:
            raise Refused(422, str(error)) from None
        return {
            "width": image.width,
            "height": image.height,
            "outlines": scheme.outlines,
            "faces": [face.as_dict() for face in faces],
            "overlay": drawings or None,
        }

    @app.post("/api/faces")
    async def faces(request: Request, part: str | None = None, overlay: str | None = None) -> dict[str, Any]:
        part = part or next(iter(predictors))
        if part not in predictors:
            raise Refused(422, f"The model {part!r} is none of {', '.join(predictors)}")
        async with uploads.receive(request) as data:
            return await asyncio.get_running_loop().run_in_executor(worker, answer, data, part, overlay)

    @app.get("/api/options")
    def options() -> dict[str, Any]:
        parts = {part: LABELS.get(part, part) for part in predictors}
        return {"parts": parts, "overlays": list(overlays.OVERLAYS), "max_bytes": MAX_BYTES}

    for file in FILES:
        serve = app.api_route(f"/{file}".removesuffix(PAGE), methods=["GET", "HEAD"])
        serve(lambda file=file: FileResponse(HERE / file))

    @app.exception_handler(Refused)
    @app.exception_handler(UserError)
    def refuse(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"error": str(error)}, getattr(error, "status", 503))

    @app.exception_handler(ClientDisconnect)
    def leave(_: Request, __: Exception) -> Response:
        return Response(status_code=408)  # nobody reads it

    @app.middleware("http")
    async def guard(request: Request, handle: Callable) -> Response:
        origin = request.headers.get("origin")
        if origin and origin != f"http://{request.headers.get('host')}":  # another site's page is asking
            response: Response = JSONResponse({"error": "This page serves itself only"}, 403)
        else:
            response = await handle(request)
        response.headers.update(HEADERS)
        return response

    app.add_middleware(TrustedHostMiddleware, allowed_hosts=HOSTS, www_redirect=False)
    return app


def draw_overlay(name: str, size: tuple[int, int], face: Face, scheme: Scheme) -> dict[str, Any]:
    """One face's overlay: its box in pixels of the picture, and the drawing as a PNG's data URL."""
    box, pixels = overlays.patch(name, size, face.points, scheme, MAX_OVERLAY)
    file = io.BytesIO()
    if pixels.size:
        Image.fromarray(pixels).save(file, "PNG", compress_level=1)
    return {"box": box, "image": f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"}
