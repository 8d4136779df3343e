# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Makes a draft: the cover and the pictures of the notice are uploaded once, the rest goes with every draft."""

import hashlib
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from workers.wechat import html
from workers.wechat.client import Client
from workers.wechat.kept import Fetched, Kept
from workers.wechat.render import PICTURE
from workers.wechat.wire import Broken, Reply, Watch

LARGEST_PICTURE = 1 << 20
Load = Callable[[UUID, Sequence[str]], Awaitable[dict[str, bytes]]]
"""Give the contents of a notice's media by address."""


@dataclass(frozen=True)
class Articles:
    """The drafts of one account, under one cover."""

    client: Client
    kept: Kept
    cover: bytes
    load: Load

    async def draft(self, payloads: Sequence[tuple[UUID, str]], watch: Watch) -> str | Reply | Broken:
        """Make a fresh draft of notices and what they show, which a send uses up.

        Gives its media_id, or the answer that stopped it.
        """
        cover = await self._cover(watch)
        if not isinstance(cover, str):
            return cover
        rows: list[dict[str, Any]] = []
        for notice, payload in payloads:
            found = await self._rows(notice, json.loads(payload), cover, watch)
            if isinstance(found, Broken):
                return found
            rows += found
        if len(rows) > 1:
            rows = [{name: value for name, value in row.items() if name != "digest"} for row in rows]
        reply = await self.client.call("/cgi-bin/draft/add", {"articles": rows}, watch)
        return reply.text("media_id") or reply if isinstance(reply, Reply) else reply

    async def _rows(
        self, notice: UUID, members: dict[str, Any], cover: str, watch: Watch
    ) -> list[dict[str, Any]] | Broken:
        content: dict[int, str] = {}
        for number, href in enumerate(members["pictures"]):
            url = await self._picture(notice, href, watch)
            if isinstance(url, Broken):
                return url
            content[number] = url
        return [_row(article, cover, content) for article in members["articles"]]

    async def forget_cover(self) -> None:
        """Upload it anew next time: the platform does not know it any more."""
        await self.kept.put(self._cover_name, "", None)

    @property
    def _cover_name(self) -> str:
        return f"cover {self.client.app_id} {hashlib.sha256(self.cover).hexdigest()[:16]}"

    async def _cover(self, watch: Watch) -> str | Reply | Broken:
        return await self._uploaded(self._cover_name, "/cgi-bin/material/add_material", self.cover, "media_id", watch)

    async def _picture(self, notice: UUID, href: str, watch: Watch) -> str | Broken:
        """Give the markup of a picture; of one that the platform does not take, its address."""
        content = (await self.load(notice, [href])).get(href) or b""
        if not 0 < len(content) < LARGEST_PICTURE:
            return html.paragraph(href)
        name = f"picture {hashlib.sha256(content).hexdigest()[:24]}"
        url = await self._uploaded(name, "/cgi-bin/media/uploadimg", content, "url", watch)
        if isinstance(url, Broken):
            return url
        return html.picture(url) if isinstance(url, str) else html.paragraph(href)

    async def _uploaded(self, name: str, path: str, content: bytes, member: str, watch: Watch) -> str | Reply | Broken:
        """Upload once for all workers and all notices."""
        found: list[Reply | Broken] = []

        async def fetch() -> Fetched | None:
            query = {"type": "image"} if member == "media_id" else {}
            reply = await self.client.upload(path, content, watch, **query)
            found.append(reply)
            value = reply.text(member) if isinstance(reply, Reply) else ""
            return (value, None) if value else None

        value = await self.kept.shared(name, fetch, stale="")
        return value or (found[0] if found else Broken("a picture is being uploaded by another worker", left=False))


def _row(article: dict[str, str], cover: str, pictures: dict[int, str]) -> dict[str, Any]:
    content = article["content"]
    for number, markup in pictures.items():
        content = content.replace(PICTURE.format(number=number), markup, 1)
    row: dict[str, Any] = {name: value for name, value in article.items() if value}
    return {**row, "content": content, "thumb_media_id": cover, "need_open_comment": 0, "only_fans_can_comment": 0}
