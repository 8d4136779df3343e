# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The calls we make: one shared token, refreshed once when the platform refuses it, and about eight end points."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from aiohttp import FormData

from app.telemetry import log
from workers.wechat.errors import TOKEN
from workers.wechat.kept import Fetched, Kept
from workers.wechat.wire import Broken, Http, Reply, Watch

STABLE_TOKEN = "/cgi-bin/stable_token"  # noqa: S105 - a path
MARGIN = timedelta(seconds=200)
"""The platform gives a new token from five minutes before the end of the old one, while both are good."""
NO_TOKEN = Broken("no access token could be had", left=False)


@dataclass(frozen=True)
class Client:
    """An account's calls; each gives a verdict or its absence, and never raises for either."""

    http: Http
    kept: Kept
    app_id: str
    secret: str = field(repr=False)

    async def call(self, path: str, body: dict[str, Any], watch: Watch) -> Reply | Broken:
        return await self._authorised(path, {}, body, watch)

    async def upload(self, path: str, content: bytes, watch: Watch, **query: str) -> Reply | Broken:
        """Upload a picture, told by its first bytes."""
        return await self._authorised(path, query, content, watch)

    async def _authorised(
        self, path: str, query: dict[str, str], body: dict[str, Any] | bytes, watch: Watch
    ) -> Reply | Broken:
        """Call with the shared token; a refused one is refreshed once, and a second refusal is the answer."""
        stale: str | None = None
        reply: Reply | Broken = NO_TOKEN
        for _ in range(2):
            token = await self._token(stale)
            if not isinstance(token, str):
                return token
            sent = _form(body) if isinstance(body, bytes) else body
            reply = await self.http.post(path, {**query, "access_token": token}, sent, watch)
            _note(path, reply)
            if isinstance(reply, Broken) or reply.errcode not in TOKEN:
                return reply
            stale = token
        return reply

    async def _token(self, stale: str | None) -> str | Reply | Broken:
        refusal: list[Reply | Broken] = []

        async def fetch() -> Fetched | None:
            found = await self._ask_for_token(stale)
            if isinstance(found, tuple):
                return found
            refusal.append(found)
            return None

        token = await self.kept.shared(f"token {self.app_id}", fetch, margin=MARGIN, stale=stale)
        return token or (refusal[0] if refusal else NO_TOKEN)

    async def _ask_for_token(self, stale: str | None) -> Fetched | Reply | Broken:
        """Ask for the stable token; where the platform insists on the refused one, force another."""
        for forced in (False, True):
            body = {
                "grant_type": "client_credential",
                "appid": self.app_id,
                "secret": self.secret,
                "force_refresh": forced,
            }
            reply = await self.http.post(STABLE_TOKEN, {}, body, Watch())
            _note(STABLE_TOKEN, reply)
            if isinstance(reply, Broken):
                return Broken(reply.why, left=False)
            token, seconds = reply.text("access_token"), reply.members.get("expires_in")
            if not token or not isinstance(seconds, int):
                return reply if reply.errcode else Broken("a token of another shape", left=False)
            if token != stale:
                return token, timedelta(seconds=seconds)
        return Reply(40001, "the platform goes on giving a token that it refuses")


def _form(content: bytes) -> FormData:
    kind = "image/png" if content.startswith(b"\x89PNG") else "image/jpeg"
    form = FormData()
    form.add_field("media", content, filename=f"picture.{kind[6:]}", content_type=kind)
    return form


def _note(path: str, reply: Reply | Broken) -> None:
    """Say what was refused, with the mark that the platform's support asks for; tokens are in no log."""
    if isinstance(reply, Reply) and reply.errcode:
        log.warning("answer.refused", kind="wechat", call=path, errcode=reply.errcode, reason=reply.words)
