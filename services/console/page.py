"""The page itself: what `services/console/web` was built to, each file as small as the browser takes it."""

import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from fastapi import APIRouter, Request, Response

from services.runtime.problems import Problem

BUILT = Path(__file__).parent / "web" / "dist"
ENCODINGS = {"br": ".br", "gzip": ".gz"}
"""How a file may be compressed beside itself, best first."""
ASSETS = "/assets/"
"""Where files are whose names change with what is in them."""
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
NOT_BUILT = "页面尚未构建，请运行 make setup。The page is not built yet; run `make setup`."


@dataclass(frozen=True)
class File:
    """A file that browsers keep: its type, and its bytes as they are ("") and compressed."""

    media_type: str
    contents: Mapping[str, bytes]

    @cached_property
    def tag(self) -> str:
        """Return what tells it from what it was before."""
        return sha256(self.contents[""]).hexdigest()[:16]

    def answer(self, request: Request, headers: Mapping[str, str]) -> Response:
        """Return it as the browser takes it, or that it is as it was."""
        encoding = self._best_encoding(request.headers.get("accept-encoding", ""))
        tag = f'"{self.tag}{encoding and "-" + encoding}"'
        told = {**headers, "ETag": tag, "Vary": "Accept-Encoding"}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=told)
        if encoding:
            told["Content-Encoding"] = encoding
        return Response(self.contents[encoding], media_type=self.media_type, headers=told)

    def _best_encoding(self, accepted: str) -> str:
        """Return the best encoding that the browser takes and the file is there in; "" for none."""
        named = {part.partition(";")[0].strip() for part in accepted.split(",") if not part.rstrip().endswith(";q=0")}
        return next((encoding for encoding in ENCODINGS if encoding in named and encoding in self.contents), "")


class Page:
    """The files of the page by their paths, as they are when the console starts."""

    def __init__(self, folder: Path = BUILT) -> None:
        found = [path for path in folder.rglob("*") if path.is_file() and path.suffix not in ENCODINGS.values()]
        self._files = {f"/{path.relative_to(folder).as_posix()}": _read(path) for path in found}

    def find(self, path: str) -> File:
        """Return the file at a path, the page for any other path; raise Problem (404) if there is none."""
        if file := self._files.get(path):
            return file
        if path.startswith((ASSETS, "/api/")):
            raise Problem(404, "not_found", "Not Found")
        if file := self._files.get("/index.html"):
            return file
        raise Problem(404, "page_not_built", NOT_BUILT)


router = APIRouter(include_in_schema=False)


@router.api_route("/{path:path}", methods=["GET", "HEAD"])
async def show(request: Request) -> Response:
    """Return a file of the page, or the page itself, which finds out what its address means."""
    page: Page = request.app.state.page
    path = request.url.path
    cached = "public, max-age=31536000, immutable" if path.startswith(ASSETS) else "no-cache"
    return page.find(path).answer(request, {**HEADERS, "Cache-Control": cached})


def _read(path: Path) -> File:
    contents = {"": path.read_bytes()}
    for encoding, suffix in ENCODINGS.items():
        if (packed := path.with_name(path.name + suffix)).is_file():
            contents[encoding] = packed.read_bytes()
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return File(media_type, contents)
