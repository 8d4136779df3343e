# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The page that shows the channels as on a phone; any sandbox has one, of files and with a policy."""

from collections.abc import Mapping
from pathlib import Path

from aiohttp import web

FOLDER = Path(__file__).parent / "page"
FILES = {
    "/": ("index.html", "text/html"),
    "/page/page.css": ("page.css", "text/css"),
    "/page/page.js": ("page.js", "text/javascript"),
    "/page/bubbles.js": ("bubbles.js", "text/javascript"),
}
POLICY = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def page_of(folder: Path, files: Mapping[str, tuple[str, str]], policy: str) -> list[web.RouteDef]:
    """Give the routes of a page: each path with the name and the type of its file, under a Content-Security-Policy."""
    headers = {
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-cache",
    }

    async def serve(request: web.Request) -> web.Response:
        name, content_type = files[request.path]
        body = (folder / name).read_bytes()
        return web.Response(body=body, content_type=content_type, charset="utf-8", headers=headers)

    return [web.get(path, serve) for path in files] + [web.get("/favicon.ico", _no_icon)]


async def _no_icon(_: web.Request) -> web.Response:
    return web.Response(status=204)


ROUTES = page_of(FOLDER, FILES, POLICY)
