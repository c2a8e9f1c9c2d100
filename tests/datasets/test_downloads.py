"""Downloads against a server of the test's own, on this machine."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import tarfile
import threading
from collections import namedtuple
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from keypoints.datasets import archives, downloads
from keypoints.errors import UserError
from keypoints.settings.params import DRAWN, Dataset, Source


def archive(fill: int = 0) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        info = tarfile.TarInfo("a.bin")
        info.size = 300_000
        tar.addfile(info, io.BytesIO(bytes([fill]) * info.size))
    return buffer.getvalue()


GOOD = archive()


class Server:
    """Serves `body`; the other attributes are how it misbehaves. `asked` are the requests' headers."""

    body, etag, ranges, cut, redirect = GOOD, '"one"', True, None, None
    shift = 0  # bytes by which the first resumed answer misses

    def __init__(self):
        self.asked, self.status = [], []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.answer(self)

            def log_message(self, *args):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/a.tar"
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def close(self) -> None:
        self.http.shutdown()  # or its thread asks the closed socket without end, on a core of its own
        self.http.server_close()

    def answer(self, to: BaseHTTPRequestHandler) -> None:
        self.asked.append(dict(to.headers))
        if self.redirect:
            return self.head(to, 302, Location=self.redirect)
        if self.status and (status := self.status.pop(0)) != 200:
            return self.head(to, status)
        body, first, code, more = self.body, 0, 200, {}
        if self.ranges and "Range" in to.headers and to.headers.get("If-Range") == self.etag:
            first = int(to.headers["Range"].removeprefix("bytes=").removesuffix("-"))
            if first >= len(body):
                self.head(to, 416, Content_Range=f"bytes */{len(body)}")
                to.wfile.write(b"<html>nothing there</html>")
                return
            first, self.shift = first + self.shift, 0
            code, more = 206, {"Content_Range": f"bytes {first}-{len(body) - 1}/{len(body)}"}
        rest = body[first:]
        self.head(to, code, ETag=self.etag, Content_Length=str(len(rest)), **more)
        cut, self.cut = self.cut, None
        to.wfile.write(rest[:cut])

    @staticmethod
    def head(to, code, **headers):
        to.send_response(code)
        for key, value in headers.items():
            to.send_header(key.replace("_", "-"), value)
        to.end_headers()


@pytest.fixture
def server():
    server = Server()
    yield server
    server.close()


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(downloads, "BACKOFF", 0.0)
    for name in ("KEYPOINTS_MIRROR", "DVC_ROOT", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


def dataset(*urls: str, sha256=None, known=()) -> Dataset:
    sources = [Source(url=url, sha256=sha256) for url in urls]
    return Dataset(DRAWN, 0.0, None, file="a.tar", sha256=list(known), sources=sources)


def own(path: Path) -> Dataset:
    return Dataset(str(path), 0.0, None)


def fetch(target, *urls, mirror=None, **hashes):
    downloads.fetch("imm", dataset(*urls, **hashes), mirror, target, progress=False)


def only(target) -> bool:
    """Whether the target is whole and nothing lies beside it."""
    return target.read_bytes() == GOOD and [path.name for path in target.parent.iterdir()] == [target.name]


def fails(target, *urls, **more) -> str:
    with pytest.raises(UserError) as error:
        fetch(target, *urls, **more)
    assert not target.exists() and "\n" not in str(error.value)
    return str(error.value)


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_a_plain_download(server, tmp_path):
    fetch(tmp_path / "new" / "imm", server.url, sha256=sha(GOOD))
    assert only(tmp_path / "new" / "imm")
    assert server.asked[0]["Accept-Encoding"] == "identity" and len(server.asked) == 1


def test_a_cut_stream_is_resumed(server, tmp_path):
    server.cut = 100_000
    fetch(tmp_path / "imm", server.url)
    assert only(tmp_path / "imm")
    assert server.asked[1]["Range"] == "bytes=100000-" and server.asked[1]["If-Range"] == '"one"'


def test_a_later_run_resumes(server, tmp_path, monkeypatch):
    server.cut = 100_000
    monkeypatch.setattr(downloads, "ATTEMPTS", 1)
    assert "broke" in fails(tmp_path / "imm", server.url)
    assert (tmp_path / "imm.part").stat().st_size == 100_000
    fetch(tmp_path / "imm", server.url)
    assert only(tmp_path / "imm") and "Range" in server.asked[1]


def test_a_changed_file_starts_afresh(server, tmp_path, monkeypatch):
    server.cut, server.body = 100_000, archive(7)
    monkeypatch.setattr(downloads, "ATTEMPTS", 1)
    fails(tmp_path / "imm", server.url)
    server.body, server.etag = GOOD, '"two"'
    fetch(tmp_path / "imm", server.url)
    assert only(tmp_path / "imm") and "Range" in server.asked[1]


@pytest.mark.parametrize("etag", ['"one"', 'W/"weak"'])
def test_a_server_without_ranges_starts_afresh(server, tmp_path, etag):
    server.cut, server.ranges, server.etag = 100_000, False, etag
    fetch(tmp_path / "imm", server.url)
    assert only(tmp_path / "imm") and len(server.asked) == 2
    assert ("Range" in server.asked[1]) == (etag == '"one"')


def test_a_server_that_resumes_elsewhere_starts_afresh(server, tmp_path):
    server.cut, server.shift, server.body = 100_000, 1, archive(3)
    fetch(tmp_path / "imm", server.url)
    assert (tmp_path / "imm").read_bytes() == server.body and len(server.asked) == 3


@pytest.mark.parametrize("length", [len(GOOD), len(GOOD) + 5])
def test_nothing_left_to_ask_for(server, tmp_path, length):
    (tmp_path / "imm.part").write_bytes(GOOD.ljust(length, b"x"))
    (tmp_path / "imm.part.json").write_text(f'{{"url": "{server.url}", "validator": "\\"one\\""}}')
    fetch(tmp_path / "imm", server.url)
    assert only(tmp_path / "imm") and len(server.asked) == (1 if length == len(GOOD) else 2)


@pytest.mark.parametrize("note", ["", "[]", "{}", '{"url": "http://elsewhere/", "validator": "x"}'])
def test_a_part_of_unknown_origin_is_not_resumed(server, tmp_path, note):
    (tmp_path / "imm.part").write_bytes(b"x" * 1000)
    (tmp_path / "imm.part.json").write_text(note)
    fetch(tmp_path / "imm", server.url)
    assert only(tmp_path / "imm") and "Range" not in server.asked[0]


def test_a_passing_failure_is_tried_again(server, tmp_path):
    server.status = [503, 429, 200]
    fetch(tmp_path / "imm", server.url)
    assert only(tmp_path / "imm") and len(server.asked) == 3


def test_a_lasting_failure_is_not(server, tmp_path):
    server.status = [404]
    assert "answered 404" in fails(tmp_path / "imm", server.url)
    assert len(server.asked) == 1


def test_a_wrong_hash_and_a_web_page_leave_nothing(server, tmp_path):
    text = fails(tmp_path / "imm", server.url, sha256="0" * 64)
    assert sha(GOOD) in text and "0" * 64 in text
    server.body = b""
    assert "no archive" in fails(tmp_path / "imm", server.url)
    server.body = b"<html>please log in</html>"
    text = fails(tmp_path / "imm", server.url)
    assert "no archive" in text and "KEYPOINTS_MIRROR" in text and "a.tar" in text
    assert list(tmp_path.iterdir()) == []


def test_the_next_source_helps(server, tmp_path):
    server.status = [404]
    fetch(tmp_path / "imm", server.url.replace("a.tar", "b.tar"), server.url)
    assert only(tmp_path / "imm")


def test_all_that_was_tried_is_named(server, tmp_path):
    closed = Server()
    closed.close()
    server.status = [404]
    text = fails(tmp_path / "imm", server.url, closed.url)
    assert f"{server.url} answered 404" in text and f"{closed.url} broke the connection" in text


def test_a_name_that_does_not_resolve_fails_at_once(tmp_path, monkeypatch):
    import socket

    calls = []

    def nowhere(*args, **kwargs):
        calls.append(args)
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    assert "host that is not found" in fails(tmp_path / "imm", "http://keypoints.invalid/a.tar")
    assert len(calls) == 1


@pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://127.0.0.1/a.tar"])
def test_redirects_stay_on_the_web(server, tmp_path, address):
    server.redirect = address
    assert "neither http nor https" in fails(tmp_path / "imm", server.url)


def test_a_full_disk_is_said_before(server, tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(1, 1, downloads.SPARE + len(GOOD) - 1))
    assert "free some" in fails(tmp_path / "imm", server.url)
    (tmp_path / "a.tar").write_bytes(GOOD)
    assert "free some" in fails(tmp_path / "imm", mirror=str(tmp_path))


def test_the_mirror_comes_first_and_the_environment_wins(server, tmp_path, monkeypatch):
    for folder, data in (("one", archive(1)), ("two", GOOD)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.tar").write_bytes(data)
    target = tmp_path / "out" / "imm"
    fetch(target, server.url, mirror=str(tmp_path / "one"))
    assert target.read_bytes() == archive(1)
    monkeypatch.setenv("KEYPOINTS_MIRROR", "../two")
    monkeypatch.setenv("DVC_ROOT", str(tmp_path / "one"))
    fetch(target, server.url, mirror=str(tmp_path / "one"), known=["0" * 64, sha(GOOD)])
    assert only(target) and not server.asked


def test_a_mirror_without_the_file_and_one_that_is_not_there(server, tmp_path):
    (tmp_path / "out").mkdir()
    fetch(tmp_path / "out" / "imm", server.url, mirror=str(tmp_path))
    assert only(tmp_path / "out" / "imm")
    assert "is no folder" in fails(tmp_path / "new", server.url, mirror=str(tmp_path / "gone"))


def test_a_wrong_file_in_the_mirror_stops(server, tmp_path):
    (tmp_path / "a.tar").write_bytes(GOOD)
    text = fails(tmp_path / "imm", server.url, mirror=str(tmp_path), known=["0" * 64])
    assert sha(GOOD) in text and "0" * 64 in text and "datasets.imm.sha256" in text
    (tmp_path / "a.tar").write_bytes(b"version https://git-lfs.github.com/spec/v1")
    assert "neither a tar nor a zip" in fails(tmp_path / "imm", server.url, mirror=str(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["a.tar"] and not server.asked


def test_a_folder_of_ones_own_is_packed_the_same_way_twice(tmp_path):
    """Whatever the order and the times of its files; hidden ones are left out, and macOS's for a folder."""
    for folder, names in (("one", ("b.jpg", "in/a.json")), ("two", ("in/a.json", "b.jpg"))):
        for name in names:
            (tmp_path / folder / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / folder / name).write_text(name)
    for name in (".hidden", "Icon\r", "in/Icon\r"):
        (tmp_path / "two" / name).touch()
    os.utime(tmp_path / "two/b.jpg", (1, 1))
    for folder in ("one", "two"):
        downloads.take("own", own(tmp_path / folder), tmp_path / f"{folder}.tar")
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()
    found = dict(archives.members(tmp_path / "one.tar", lambda name: True))
    assert found == {"b.jpg": b"b.jpg", "in/a.json": b"in/a.json"}


def test_an_archive_of_ones_own_is_taken_as_it_is(tmp_path):
    (tmp_path / "mine.tar").write_bytes(GOOD)
    downloads.take("own", own(tmp_path / "mine.tar"), tmp_path / "out/own")
    assert (tmp_path / "out/own").read_bytes() == GOOD


@pytest.mark.parametrize("kind", ["absent", "text", "link"])
def test_what_is_neither_folder_nor_archive_is_named(tmp_path, kind):
    (tmp_path / "text").write_text("no archive")
    (tmp_path / "link").mkdir()
    (tmp_path / "link/out").symlink_to("/etc")
    with pytest.raises(UserError, match=kind) as error:
        downloads.take("own", own(tmp_path / kind), tmp_path / "out")
    assert "\n" not in str(error.value) and not (tmp_path / "out").exists()
