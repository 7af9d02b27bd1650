"""The static pages: click to call, agent desk."""

import contextlib
import hashlib
from http import HTTPStatus
from pathlib import Path

from aiohttp import web

from cordboard.core.errors import NotFoundError

FIRST_PAGE = "/call.html"

_TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
    ".txt": "text/plain",
}
_TEXT = frozenset({".html", ".js", ".css", ".svg", ".txt"})
# They change only together with their name or with a release.
_LASTING = frozenset({".woff2"})

_POLICY = "; ".join(
    (
        "default-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "connect-src 'self'",
        "img-src 'self' data:",
        "media-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'self'",
    )
)
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
}


def pages_directory() -> Path | None:
    """Find the pages: in the wheel beside this module, in the source tree in its folder `web`."""
    here = Path(__file__).resolve()
    for found in (here.parent / "pages", here.parents[3] / "web"):
        if (found / FIRST_PAGE.lstrip("/")).is_file():
            return found
    return None


class PagesDoor:
    """Serves the files of a directory, and nothing that is not one of a page's kinds of file."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory.resolve()

    def routes(self) -> list[web.RouteDef]:
        """Give the routes; they come after all others, since they take every address that is left."""
        return [web.get("/", self.first), web.get("/{path:(?!v1/).+}", self.file)]

    async def first(self, request: web.Request) -> web.StreamResponse:
        """Send a browser that names no page to the first one."""
        return web.Response(status=HTTPStatus.FOUND, headers={"Location": FIRST_PAGE})

    async def file(self, request: web.Request) -> web.StreamResponse:
        """Serve a file. Raises NotFoundError(ADDRESS_NOT_FOUND)."""
        path = self._find(request.match_info["path"])
        content = path.read_bytes()
        tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        lasting = path.suffix in _LASTING
        headers = {**HEADERS, "ETag": tag, "Cache-Control": "public, max-age=604800" if lasting else "no-cache"}
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
        charset = "utf-8" if path.suffix in _TEXT else None
        return web.Response(body=content, content_type=_TYPES[path.suffix], charset=charset, headers=headers)

    def _find(self, name: str) -> Path:
        with contextlib.suppress(OSError, ValueError):
            path = (self._directory / name).resolve()
            if path.is_relative_to(self._directory) and path.suffix in _TYPES and path.is_file():
                return path
        raise NotFoundError("ADDRESS_NOT_FOUND", "nothing is served at this address")
