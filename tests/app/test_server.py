"""The page's server: what it answers, what it refuses, and in which words."""

from __future__ import annotations

import base64
import io
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx2
import numpy as np
import pytest
import uvicorn
from fastapi.testclient import TestClient
from PIL import Image

from keypoints.app import models, server, uploads
from keypoints.app.__main__ import listen
from keypoints.app.models import Models
from keypoints.crops import Region
from keypoints.errors import UserError
from keypoints.landmarks import IBUG, NOSE, Scheme
from keypoints.pictures import limits
from keypoints.predict.faces.face import Face
from keypoints.predict.predictor import from_boxes

RING = np.linspace(0, 6, 68)
POINTS = np.stack([30 + 20 * np.cos(RING), 25 + 15 * np.sin(RING)], axis=1).astype(np.float32)


class Fake:
    """Finds one face on every picture, or one in each box, and remembers what it was shown."""

    def __init__(self, scheme: Scheme = IBUG) -> None:
        self.scheme, self.seen = scheme, []

    def __call__(self, picture: Image.Image, boxes: list[Region] | None) -> list[Face]:
        self.seen.append(picture)
        points = POINTS[: self.scheme.points]
        there = [(10.0, 10.0, 40.0, 30.0)] if boxes is None else [d.box for d in from_boxes(boxes)]
        return [Face(box, 0.9, points, self.scheme.names()) for box in there]


def missing(detector: str, tta: bool) -> Fake:
    raise UserError("the weights face.onnx are missing")


@pytest.fixture
def fake() -> Fake:
    return Fake()


@pytest.fixture
def client(fake) -> TestClient:
    return serving({"landmarks": lambda *_: fake, "nose": lambda *_: Fake(NOSE), "face": missing})


def serving(parts: dict[str, Callable[[str, bool], Fake]]) -> TestClient:
    return TestClient(server.create(Models(parts, ["faces", "haar"])), base_url="http://127.0.0.1:8000")


def picture(size: tuple[int, int] = (80, 60), kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, (200, 160, 120)).save(file, kind, **options)
    return file.getvalue()


def test_faces(client):
    answer = client.post("/api/faces?part=landmarks", content=picture())
    said = answer.json()
    assert answer.status_code == 200 and (said["width"], said["height"]) == (80, 60)
    (face,) = said["faces"]
    assert face["box"] == [10, 10, 40, 30] and said["overlay"] is None
    assert [p["name"] for p in face["points"]] == IBUG.names()
    assert face["points"][0] == {"name": "jaw_0", "x": 50.0, "y": 25.0}
    assert [tuple(run) for run in said["outlines"]] == list(IBUG.outlines)


@pytest.mark.parametrize("query", ["", "?part=landmarks", "?part=landmarks&overlay="])
def test_the_first_part_is_the_default(client, query):
    assert len(client.post(f"/api/faces{query}", content=picture()).json()["faces"][0]["points"]) == 68


def test_faces_of_boxes(client):
    said = client.post("/api/faces?box=10,20,30,40&box=1.5,2,8,8", content=picture()).json()
    assert [face["box"] for face in said["faces"]] == [[10, 20, 30, 40], [1.5, 2, 8, 8]]


def test_detector_and_haste_choose_the_predictor():
    made = []

    def make(detector: str, tta: bool) -> Fake:
        made.append((detector, tta))
        return Fake()

    client = serving({"landmarks": make})
    for query in ("", "?detector=haar", "?fast=1", "?detector=haar", "?detector="):
        assert client.post(f"/api/faces{query}", content=picture()).is_success
    assert made == [("faces", True), ("haar", True), ("faces", False)]


def test_few_predictors_are_kept(monkeypatch):
    monkeypatch.setattr(models, "KEPT", 2)
    made = []
    kept = Models({part: lambda *_, part=part: made.append(part) or Fake() for part in "abc"}, ["faces"])
    for part in "abacab":  # a is asked again before c pushes b out
        kept.get(part, "faces", True)
    assert made == ["a", "b", "c", "b"]


def test_detectors_that_are_offered_work_without_a_file():
    offered = models.usable_detectors("haar")
    assert offered[0] == "haar" and {"faces", "whole"} <= set(offered[1:])
    assert not {"haar", "yunet"} & set(offered[1:])
    with pytest.raises(UserError, match="yunet"):
        models.usable_detectors("yunet")


def test_an_answer_is_sent_at_once():
    with listen(0) as server_socket, socket.create_connection(server_socket.getsockname()):
        accepted, _ = server_socket.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_overlay_is_small_and_lies_in_its_box(client):
    said = client.post("/api/faces?overlay=mask", content=picture()).json()
    (worn,) = said["overlay"]
    kind, _, data = worn["image"].partition(";base64,")
    drawing = Image.open(io.BytesIO(base64.b64decode(data)))
    assert kind == "data:image/png" and drawing.mode == "RGBA" and drawing.size == tuple(worn["box"][2:])
    assert drawing.getchannel("A").getextrema()[1] > 200


def test_upright_coordinates(client, fake):
    """A camera on its side: 80 x 60 pixels as they lie, 60 x 80 as one sees them."""
    exif = Image.Exif()
    exif[0x0112] = 6
    said = client.post("/api/faces", content=picture(kind="JPEG", exif=exif)).json()
    assert (said["width"], said["height"]) == (60, 80) and fake.seen[0].size == (60, 80)


@pytest.mark.parametrize(
    "query, content, status, words",
    [
        ("", b"dear diary", 422, "cannot be read: not a whole picture"),
        ("", b"", 422, "cannot be read: not a whole picture"),
        ("", picture()[:60], 422, "cannot be read: not a whole picture"),
        ("?part=ears", picture(), 422, "'ears' is none of landmarks, nose, face"),
        ("?overlay=crown", picture(), 422, "'crown' is none of glasses"),
        ("?part=nose&overlay=hat", picture(), 422, "1 point"),
        ("?part=face", picture(), 503, "the weights face.onnx are missing"),
        ("?detector=yunet", picture(), 422, "'yunet' is none of faces, haar"),
        ("?box=1,2,3", picture(), 422, "left, top, width, height"),
        ("?box=1,2,3,nan", picture(), 422, "needs an area"),
        ("?box=1,2,inf,4", picture(), 422, "needs an area"),
        ("?box=1,2,3,0", picture(), 422, "needs an area"),
        ("?box=10,10,9,9&box=80,60,9,9", picture(), 422, "beside the picture, 80 x 60 pixels"),
        ("?" + "&".join(["box=10,10,9,9"] * 101), picture(), 422, "101 boxes are more than 100"),
    ],
)
def test_refusals_in_words(client, query, content, status, words):
    answer = client.post(f"/api/faces{query}", content=content)
    assert answer.status_code == status and words in answer.json()["error"]
    assert "\n" not in answer.json()["error"]


def test_too_many_pixels(client, monkeypatch):
    monkeypatch.setattr(limits, "MAX_PIXELS", 80 * 60 - 1)
    answer = client.post("/api/faces", content=picture())
    assert answer.status_code == 422 and "80 x 60 pixels are too many" in answer.json()["error"]


@pytest.mark.parametrize("announced", [True, False])
def test_too_many_bytes(client, fake, monkeypatch, announced):
    monkeypatch.setattr(uploads, "MAX_BYTES", 1 << 20)
    content = bytes(2 << 20) if announced else iter([bytes(1 << 19)] * 4)
    answer = client.post("/api/faces", content=content)
    assert answer.status_code == 413 and "larger than 1 MB" in answer.json()["error"] and not fake.seen


@contextmanager
def running(fake: Fake) -> Iterator[int]:
    """The port of a server that runs as `keypoints app` does."""
    with listen(0) as free:
        app = server.create(Models({"landmarks": lambda *_: fake}, ["faces"]))
        serving = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        thread = threading.Thread(target=serving.run, kwargs={"sockets": [free]})
        thread.start()
        try:
            yield free.getsockname()[1]
        finally:
            serving.should_exit = True
            thread.join()


def unfinished(port: int) -> socket.socket:
    """A client that announces more bytes than it sends."""
    client = socket.create_connection(("127.0.0.1", port))
    head = f"POST /api/faces HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 1000\r\n\r\nabc"
    client.sendall(head.encode())
    return client


def status_of(client: socket.socket) -> int:
    return int(client.recv(100).split()[1])


def test_an_upload_that_does_not_end_is_given_up(fake, monkeypatch):
    monkeypatch.setattr(uploads, "SECONDS", 0.1)
    with running(fake) as port, unfinished(port) as client:
        assert status_of(client) == 408


def test_beyond_the_bound_the_answer_is_429_and_before_and_after_it_is_not(fake, monkeypatch):
    monkeypatch.setattr(uploads, "AT_ONCE", 2)
    with running(fake) as port:
        url = f"http://127.0.0.1:{port}/api/faces"
        with unfinished(port), unfinished(port):
            until(lambda: httpx2.post(url, content=picture()).status_code == 429)
            assert httpx2.get(f"http://127.0.0.1:{port}/api/options").status_code == 200
        until(lambda: httpx2.post(url, content=picture()).status_code == 200)


def test_all_uploads_together_are_bounded(client, fake, monkeypatch):
    monkeypatch.setattr(uploads, "HELD", 100)
    assert client.post("/api/faces", content=picture()).status_code == 429 and not fake.seen
    monkeypatch.setattr(uploads, "HELD", 10**6)
    assert client.post("/api/faces", content=picture()).status_code == 200


def test_who_leaves_or_asks_for_heads_causes_no_traceback(fake, capfd):
    with running(fake) as port:
        for _ in range(3):
            unfinished(port).close()
        for path in ("", "page.css", "api/options", "nothing"):
            assert not httpx2.head(f"http://127.0.0.1:{port}/{path}").is_server_error
        assert httpx2.head(f"http://127.0.0.1:{port}/").status_code == 200
        assert httpx2.post(f"http://127.0.0.1:{port}/api/faces", content=picture()).status_code == 200
    assert capfd.readouterr().err == ""


def until(holds: Callable[[], bool]) -> None:
    """Wait until it holds; fail after many tries."""
    for _ in range(500):
        if holds():
            return
        threading.Event().wait(0.01)
    pytest.fail("it never holds")


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "192.168.0.7:8000"])
def test_other_hosts_are_refused(client, fake, host):
    assert client.post("/api/faces", content=picture(), headers={"host": host}).status_code == 400
    assert client.get("/", headers={"host": host}).status_code == 400 and not fake.seen


def test_other_sites_are_refused(client, fake):
    asked = {"content": picture(), "headers": {"origin": "https://evil.example"}}
    answer = client.post("/api/faces", **asked)
    assert answer.status_code == 403 and "error" in answer.json() and not fake.seen
    assert "access-control-allow-origin" not in answer.headers
    assert client.post(
        "/api/faces", content=picture(), headers={"origin": "http://127.0.0.1:8000"}
    ).is_success


@pytest.mark.parametrize("path", ["/", *(f"/{file}" for file in server.FILES[1:]), "/api/options"])
def test_what_is_served_is_the_project_s_own(client, path):
    answer = client.get(path)
    assert answer.status_code == 200 and answer.headers["content-security-policy"].startswith(
        "default-src 'self'"
    )
    assert answer.headers["cache-control"] == "no-store"
    for outside in ("https://", "//cdn", "@import", "url("):
        assert outside not in answer.text
    assert answer.text.replace("http://www.w3.org/2000/svg", "").count("http://") == 0


@pytest.mark.parametrize("path", ["/docs", "/openapi.json", "/../predictor.py", "/__main__.py"])
def test_nothing_else_is_served(client, path):
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/", "/page.css"])
@pytest.mark.parametrize("key", ["file", "path", "name"])
def test_a_request_cannot_say_which_file_is_served(client, path, key, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("a secret")
    answer = client.get(path, params={key: str(secret)})
    assert answer.status_code == 200 and answer.content == client.get(path).content


def test_a_predictor_is_made_once_and_asked_by_one_at_a_time(monkeypatch):
    made, inside, most = [], [], []

    class Slow(Fake):
        def __call__(self, image: Image.Image, boxes: list[Region] | None) -> list[Face]:
            inside.append(1)
            most.append(len(inside))
            threading.Event().wait(0.02)
            inside.pop()
            return super().__call__(image, boxes)

    def make(detector: str, tta: bool) -> Slow:
        made.append(1)
        return Slow()

    client = serving({"landmarks": make})
    assert not made
    threads = [
        threading.Thread(target=client.post, args=["/api/faces"], kwargs={"content": picture()})
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1 and most == [1, 1, 1, 1]


def test_a_port_that_is_taken():
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(UserError, match="name another"):
        listen(taken.getsockname()[1])
    with pytest.raises(UserError, match="--port 70000"):
        listen(70000)
    with listen(0) as free:
        assert free.getsockname()[0] == "127.0.0.1"
