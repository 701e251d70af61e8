"""The snapshot: what was told up to a position, downloaded whole, however often that breaks off, and verified."""

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from io import FileIO
from pathlib import Path

import httpx

from .effect import Json
from .feed import Feed, read_json


def take(feed: Feed, folder: Path) -> tuple[int, Path]:
    """Return the position of a snapshot and its file, which is complete."""
    while True:
        manifest = _await_manifest(feed)
        file = folder / f"{manifest['sha256']}.snapshot"
        for other in folder.glob("*.snapshot"):
            if other != file:
                other.unlink()
        if _download(feed, manifest, file):
            return manifest["position"], file


def read_lines(file: Path) -> Iterator[Json]:
    """Yield the lines of a snapshot."""
    with file.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _await_manifest(feed: Feed) -> Json:
    answer: Json = feed.ask("POST", "/snapshot", read_json)
    while answer["making"]:
        time.sleep(1)
        answer = feed.ask("GET", "/snapshot", read_json)
    manifest: Json = answer["ready"]
    return manifest


def _download(feed: Feed, manifest: Json, file: Path) -> bool:
    """Download what is missing; return whether the file is the snapshot of the manifest, else leave none."""
    with file.open("ab", buffering=0) as part:
        while (have := part.tell()) < manifest["size"] and _go_on(feed, manifest, part):
            if part.tell() == have:
                time.sleep(1)
    if file.stat().st_size == manifest["size"] and sha256(file.read_bytes()).hexdigest() == manifest["sha256"]:
        return True
    file.unlink()
    return False


def _go_on(feed: Feed, manifest: Json, part: FileIO) -> bool:
    """Append what comes until it breaks off; return whether it was of the snapshot of the manifest."""
    tag = f'"{manifest["sha256"]}"'

    def append(answer: httpx.Response) -> bool:
        if answer.headers["ETag"] != tag:
            return False  # there is another one meanwhile
        with suppress(httpx.TransportError):
            for some in answer.iter_raw():
                part.write(some)
        return True

    wanted = {"Accept-Encoding": "identity", "If-Range": tag, "Range": f"bytes={part.tell()}-"}
    return feed.ask("GET", "/snapshot/content", append, wanted)
