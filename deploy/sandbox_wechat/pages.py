# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The page that shows the account as on a phone; an article has a page of its own, as it would have."""

from pathlib import Path

from aiohttp import web

FOLDER = Path(__file__).parent / "page"
FILES = {
    "/": ("index.html", "text/html"),
    "/page/page.css": ("page.css", "text/css"),
    "/page/page.js": ("page.js", "text/javascript"),
}
POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; frame-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""Articles carry their looks in style attributes, as WeChat's do; nothing else is inline."""
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


async def serve(request: web.Request) -> web.Response:
    name, content_type = FILES[request.path]
    body = (FOLDER / name).read_bytes()
    return web.Response(body=body, content_type=content_type, charset="utf-8", headers=HEADERS)


async def icon(request: web.Request) -> web.Response:  # noqa: ARG001 (aiohttp hands it over)
    return web.Response(status=204)


ROUTES = [web.get(path, serve) for path in FILES] + [web.get("/favicon.ico", icon)]
