# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The receiver's paths: /hook for the calls, / for people, /secrets and /events for whoever set it up."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import web

from app.signing import SecretError, verify
from deploy.receiver.inbox import Inbox
from deploy.receiver.page import HEADERS, page

INBOX = web.AppKey("inbox", Inbox)
STYLE = Path(__file__).parent / "page.css"
LARGEST = 1 << 20
LOCAL = {"127.0.0.1", "localhost"}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def receiver() -> web.Application:
    """Make the receiver; whoever knows a page elsewhere cannot make a browser speak to it."""
    app = web.Application(client_max_size=LARGEST, middlewares=[_only_here])
    app[INBOX] = Inbox()
    app.router.add_routes(
        [
            web.get("/", _page),
            web.get("/page.css", _style),
            web.get("/events", _events),
            web.post("/secrets", _secret),
            web.options("/hook", _consent),
            web.post("/hook", _hook),
        ]
    )
    return app


@web.middleware
async def _only_here(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse a name that somebody else has let point to this machine."""
    if request.url.host not in LOCAL:
        raise web.HTTPMisdirectedRequest
    return await handler(request)


async def _consent(request: web.Request) -> web.Response:
    """Say that we want to be called, by whoever asks: the signature decides what is believed."""
    origin = request.headers.get("WebHook-Request-Origin", "*")
    return web.Response(headers={"WebHook-Allowed-Origin": origin, "Allow": "POST"})


async def _hook(request: web.Request) -> web.Response:
    headers = {name.lower(): value for name, value in request.headers.items()}
    is_good = request.app[INBOX].take(headers, await request.read(), datetime.now(UTC))
    return web.Response(status=204 if is_good else 401)


async def _secret(request: web.Request) -> web.Response:
    """Take a secret to verify with: `{"secret": "whsec_..."}`; the newest two serve, as in a rotation."""
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType
    given = await request.json()
    secret = given.get("secret") if isinstance(given, dict) else None
    if not isinstance(secret, str) or not _is_secret(secret):
        raise web.HTTPBadRequest(text="secret must be whsec_ or whpk_ followed by base64")
    inbox = request.app[INBOX]
    inbox.secrets[:] = [secret, *inbox.secrets][:2]
    return web.Response(status=204)


def _is_secret(secret: str) -> bool:
    """Try it on a signature that is of no use; what is no secret is refused there."""
    now = datetime.now(UTC)
    empty = {"webhook-id": "none", "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": "v1,none"}
    try:
        verify([secret], empty, b"", now)
    except (SecretError, ValueError):
        return False
    return secret.startswith(("whsec_", "whpk_"))


async def _events(request: web.Request) -> web.Response:
    return web.json_response([told.summary() for told in request.app[INBOX].told.values()])


async def _page(request: web.Request) -> web.Response:
    return web.Response(text=page(request.app[INBOX]), content_type="text/html", headers=HEADERS)


async def _style(request: web.Request) -> web.Response:  # noqa: ARG001 (aiohttp hands it over)
    return web.Response(body=STYLE.read_bytes(), content_type="text/css", charset="utf-8", headers=HEADERS)
