# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Somebody who calls the sandbox of WeChat by hand, and its clock."""

import json
from dataclasses import dataclass
from typing import Any

import aiohttp

from deploy.sandbox_wechat import APP_ID, SECRET, WeChat
from workers.wechat.kind import COVER

PNG = COVER.read_bytes()
MINUTE, HOUR, DAY = 60, 3600, 86_400


@dataclass
class Client:
    """Somebody who calls without any library."""

    sandbox: WeChat
    http: aiohttp.ClientSession
    token: str = ""

    async def post(self, path: str, body: dict[str, Any] | bytes, **query: str) -> Any:
        raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        params = {"access_token": self.token, **query} if self.token else query
        async with self.http.post(f"{self.sandbox.url}/cgi-bin/{path}", data=raw, params=params) as answer:
            assert answer.status == 200
            return json.loads(await answer.text())

    async def stable(self, *, forced: bool = False) -> Any:
        body = {"grant_type": "client_credential", "appid": APP_ID, "secret": SECRET, "force_refresh": forced}
        return await self.post("stable_token", body)

    async def upload(self, path: str, content: bytes, **query: str) -> Any:
        form = aiohttp.FormData()
        form.add_field("media", content, filename="x.png", content_type="image/png")
        params = {"access_token": self.token, **query}
        async with self.http.post(f"{self.sandbox.url}/cgi-bin/{path}", data=form, params=params) as answer:
            return json.loads(await answer.text())

    async def draft(self, **members: Any) -> Any:
        cover = (await self.upload("material/add_material", PNG, type="image"))["media_id"]
        article = {"title": "标题", "content": "<p>ok</p>", "thumb_media_id": cover, **members}
        return await self.post("draft/add", {"articles": [article]})

    async def send(self, draft: str, key: str | None, tag: int | None = None) -> Any:
        whom = {"is_to_all": True} if tag is None else {"is_to_all": False, "tag_id": tag}
        body = {"filter": whom, "mpnews": {"media_id": draft}, "msgtype": "mpnews"}
        return await self.post("message/mass/sendall", body | ({"clientmsgid": key} if key else {}))

    async def sent(self, key: str | None = None, tag: int | None = None, **members: Any) -> Any:
        return await self.send((await self.draft(**members))["media_id"], key, tag)


def later(sandbox: WeChat, seconds: float) -> None:
    sandbox.clock.offset += seconds
    sandbox.go_on()
