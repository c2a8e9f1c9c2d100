"""Fetches one archive and checks it: from a mirror folder, else from the first address that works."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from keypoints import files
from keypoints.datasets import archives
from keypoints.errors import UserError, has_controls, printable
from keypoints.settings.params import Dataset, Source

if TYPE_CHECKING:
    import requests

CHUNK = 2**18  # bytes
TIMEOUT = (10, 30)  # seconds to connect, and between two chunks
ATTEMPTS = 3  # per address; the count starts again after each PROGRESS bytes
BACKOFF = 1.0  # seconds before the second attempt, doubled each time
PROGRESS = 2**20
LARGEST = 512 * 2**20  # bytes of one file of a folder: a table may hold its pictures
SPARE = 64 * 2**20  # bytes of the disk to leave free


class _Failed(Exception):
    """This address does not give the archive; the text says why."""


class _Again(_Failed):
    """A failure that may go away: the address is tried again."""


def fetch(name: str, dataset: Dataset, mirror: str | None, target: Path, progress: bool = True) -> None:
    """Write the archive of the data set `name` to `target`, which appears only when whole.

    First the folder KEYPOINTS_MIRROR, else `mirror`, is searched for `dataset.file`; a relative folder starts
    at DVC_ROOT, else at the current folder. Then the sources are tried in turn; a download that broke off is
    resumed from `<target>.part`. Raises `UserError` for a mirror that is no folder or whose file is not in
    `dataset.sha256`, for a full disk, and when every source fails.
    """
    target = Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_file() and files.sha256(target) in dataset.sha256:
        print(f"{name}: {target} is there already")
        return
    tried = []
    if folder := os.environ.get("KEYPOINTS_MIRROR") or mirror:
        root = Path(os.environ.get("DVC_ROOT") or ".", Path(folder).expanduser())
        if not root.is_dir():
            raise UserError(
                f"{name}: the mirror {folder} is no folder: correct KEYPOINTS_MIRROR or profile.mirror"
            )
        if (root / dataset.file).is_file():
            return _copy(name, dataset, root / dataset.file, target, progress)
        tried.append(f"{folder} has no {dataset.file}")
    for source in dataset.sources:
        try:
            return _from_source(name, source, target, progress)
        except _Failed as error:
            tried.append(f"{source.url} {error}")
    raise UserError(
        f"{name}: no source gave the archive ({'; '.join(tried) or 'none is configured'}); "
        f"repeat later, or put {dataset.file} into a folder, set KEYPOINTS_MIRROR to that folder, and add "
        f"its hash to datasets.{name}.sha256 in conf/config.yaml"
    )


def take(name: str, dataset: Dataset, target: Path, progress: bool = True) -> None:
    """Write a person's own archive to `target`, or the folder `dataset.path` packed as a tar.

    The same files give the same bytes. A folder's hidden files are left out, and those with control
    characters in their names, such as macOS's `Icon\\r`: no data are in them. Raises `UserError`, as
    `archives.members` does, for what is neither, and for a full disk.
    """
    target, source = Path(target), Path(dataset.path).expanduser()
    target.parent.mkdir(parents=True, exist_ok=True)
    if not source.exists():
        raise UserError(f"datasets.{name}.path: {source} is not there: name your folder or archive")
    if not source.is_dir():
        return _copy(name, dataset, source, target, progress)
    _check_space(name, sum(path.stat().st_size for path in source.rglob("*") if path.is_file()), target)
    members = archives.members(source, lambda name: not has_controls(name), LARGEST, own=True)
    count = files.save_tar(target, members)
    print(printable(f"{name}: {count} files of {source.name}"))


def _copy(name: str, dataset: Dataset, file: Path, target: Path, progress: bool) -> None:
    if archives.kind(file) is None:
        raise UserError(f"{name}: {file} is neither a tar nor a zip: replace it, or remove it to download")
    size = file.stat().st_size
    _check_space(name, size, target)
    digest = hashlib.sha256()
    with files.whole(target) as part, open(file, "rb") as old, open(part, "wb") as new:
        with _bar(name, size, 0, progress) as bar:
            while block := old.read(CHUNK):
                digest.update(block)
                new.write(block)
                bar.update(len(block))
        new.flush()
        if dataset.sha256 and digest.hexdigest() not in dataset.sha256:
            raise UserError(
                f"{name}: {file} has SHA-256 {digest.hexdigest()}, not {' or '.join(dataset.sha256)}: replace"
                f" it, or, where you trust it, add its hash to datasets.{name}.sha256 in conf/config.yaml"
            )
    print(f"{name}: {file.name} from the mirror, {size} bytes, SHA-256 {digest.hexdigest()}")


def _from_source(name: str, source: Source, target: Path, progress: bool) -> None:
    """Download `source` to `target`. Raises `_Failed`, and `UserError` for a full disk."""
    part = target.with_name(f"{target.name}.part")
    note = part.with_name(f"{part.name}.json")
    failures = 0
    while True:
        before = _size(part)
        try:
            _stream(name, source.url, part, note, target, progress)
            break
        except _Again as error:
            failures = 1 if _size(part) - before >= PROGRESS else failures + 1
            if failures >= ATTEMPTS:
                raise _Failed(str(error)) from None
            time.sleep(BACKOFF * 2 ** (failures - 1))
    found = files.sha256(part)
    wrong = source.sha256 is not None and found != source.sha256
    if wrong or archives.kind(part) is None:
        part.unlink()
        note.unlink(missing_ok=True)
        raise _Failed(
            f"gave SHA-256 {found} instead of {source.sha256}" if wrong else "gave no archive (a web page?)"
        )
    os.replace(part, target)
    note.unlink(missing_ok=True)
    print(f"{name}: {source.url}, {target.stat().st_size} bytes, SHA-256 {found}")


def _stream(name: str, url: str, part: Path, note: Path, target: Path, progress: bool) -> None:
    """Request once what `part` still lacks and append it. Raises `_Again` or `_Failed`."""
    import requests
    import urllib3

    headers = {"Accept-Encoding": "identity"}  # the bytes as they are: they are hashed
    if (have := _size(part)) and (validator := _read_note(note, url)):
        headers |= {"Range": f"bytes={have}-", "If-Range": validator}
    try:
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as reply:
            start, total = _understand(reply, have, part)
            if total and start == total:
                return
            _check_space(name, (total or start) - start, target)
            if start == 0:
                part.unlink(missing_ok=True)
                _write_note(note, url, reply)
            with open(part, "ab") as out, _bar(name, total, start, progress) as bar:
                for block in reply.raw.stream(CHUNK, decode_content=False):
                    out.write(block)
                    bar.update(len(block))
                    if bar.n > min(total or archives.TOTAL, archives.TOTAL):
                        part.unlink()
                        raise _Failed("gave more bytes than it may")
        if total is not None and _size(part) != total:
            raise _Again(f"broke off at {_size(part)} of {total} bytes")
    except (requests.exceptions.InvalidSchema, requests.exceptions.InvalidURL):
        raise _Failed("leads to an address that is neither http nor https") from None
    except requests.ConnectTimeout:  # the system has tried several times by then
        raise _Failed("cannot be reached") from None
    except (requests.Timeout, urllib3.exceptions.TimeoutError):
        raise _Again("did not answer in time") from None
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        # A name that does not resolve will not a second later: without a network, fail at once.
        reason = getattr(error.args[0] if error.args else error, "reason", error)
        if isinstance(reason, urllib3.exceptions.NameResolutionError):
            raise _Failed("has a host that is not found") from None
        raise _Again(f"broke the connection ({type(reason).__name__})") from None


def _understand(reply: requests.Response, have: int, part: Path) -> tuple[int, int | None]:
    """The byte at which the reply's body starts, and the length of the whole file if it is known.

    `have` bytes of the file are in `part`, which is removed if the server does not resume there.
    """
    status = reply.status_code
    first, total = _range(reply)
    if status == 206 and first == have > 0:
        return have, total
    if status == 416 and total == have > 0:  # nothing is lacking
        return have, total
    if status in (206, 416):
        part.unlink(missing_ok=True)
        raise _Again("did not resume where asked")
    if status == 429 or status >= 500:
        raise _Again(f"answered {status}")
    if status != 200:
        raise _Failed(f"answered {status}")
    length = reply.headers.get("Content-Length", "")
    return 0, int(length) if length.isdecimal() else None


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _range(reply: requests.Response) -> tuple[int | None, int | None]:
    """First byte and total length of the reply's Content-Range; None for what is missing."""
    match = re.fullmatch(r"bytes (?:(\d+)-\d+|\*)/(?:(\d+)|\*)", reply.headers.get("Content-Range", ""))
    first, total = match.groups() if match else (None, None)
    return int(first) if first else None, int(total) if total else None


def _read_note(note: Path, url: str) -> str | None:
    """The validator (ETag or date) of the interrupted download, if it came from `url`."""
    try:
        kept = json.loads(note.read_text(encoding="utf-8"))
        return kept["validator"] if kept["url"] == url else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write_note(note: Path, url: str, reply: requests.Response) -> None:
    etag = reply.headers.get("ETag", "")
    # A weak tag does not promise the same bytes: If-Range takes strong ones or a date.
    validator = reply.headers.get("Last-Modified") if not etag or etag.startswith("W/") else etag
    with files.whole(note) as temporary:
        temporary.write_text(json.dumps({"url": url, "validator": validator}), encoding="utf-8")


def _check_space(name: str, size: int, target: Path) -> None:
    free = shutil.disk_usage(target.parent).free
    if free < size + SPARE:
        raise UserError(
            f"{name}: {size >> 20} MiB are needed on the disk of {target.parent} and {free >> 20} are free: "
            "free some and run again"
        )


def _bar(name: str, total: int | None, start: int, progress: bool) -> tqdm:
    return tqdm(
        desc=name, total=total, initial=start, unit="B", unit_scale=True, delay=1, disable=not progress
    )
