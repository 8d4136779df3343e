# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What the demo does over HTTP: furnish the town, hand in its notices, ask what has become of them."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from deploy.account import Owed
from deploy.town import Sample, Town

NO_CONTENT, CONFLICT, COME_BACK = 204, 409, (429, 503)
TRIES, PAUSE = 40, 0.25
LABEL = "./dev demo"


class RefusedError(Exception):
    """A request was refused; the text says which and why."""


class ComeBackError(Exception):
    """The API said that it cannot answer at this moment, or was asked too often."""


@dataclass
class Campaign:
    """One run of the demo against an API and a sandbox."""

    http: aiohttp.ClientSession
    api: str
    admin_key: str
    sandbox: str
    wechat: str
    receiver: str
    town: Town
    keys: dict[str, str] = field(default_factory=dict)
    promised: dict[str, int] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    deliveries: dict[str, list[Owed]] = field(default_factory=dict)

    async def furnish(self) -> None:
        """Make the chats, services, sources and channels that are not there yet."""
        await asyncio.gather(*(self._make_chat(each["chat"]) for each in self.town.channels))
        if tags := {each["address"][4:]: 12 for each in self.town.accounts if each["address"].startswith("tag:")}:
            await self.ask("PATCH", f"{self.wechat}/sandbox/account", {"tags": tags})
        for slug, name in self.town.services.items():
            await self.as_admin("PUT", f"/v1/services/{slug}", {"name": name})
        for slug, about in self.town.sources.items():
            self.keys[slug] = await self._key_of(slug, about)
        for channel in self._wanted():
            await self.as_admin("POST", "/v1/channels", channel, unless=CONFLICT)
        for hook in self.town.hooks:
            await self._share_secret(hook["slug"])

    async def check(self) -> None:
        """Have the channels checked that were made before a worker ran; the boards link to those with a public name."""
        slugs = [each["channel"]["slug"] for each in self.town.channels]
        await asyncio.gather(*(self.as_admin("POST", f"/v1/channels/{slug}/check", {}) for slug in slugs))

    async def hand_in(self, sample: Sample) -> int:
        """Hand a notice in as its source does; returns how many deliveries were promised."""
        headers = {"Authorization": f"Bearer {self.keys[sample.source]}"}
        answer = await self.ask("POST", f"{self.api}/v1/notices", sample.notice, headers)
        self.ids[sample.event_id] = answer["id"]
        self.promised[sample.event_id] = sum(answer["deliveries"].values())
        return self.promised[sample.event_id]

    async def look(self, sample: Sample) -> list[Owed]:
        """Ask for the deliveries of a notice that was handed in."""
        answer = await self.as_admin("GET", f"/v1/notices/{self.ids[sample.event_id]}/deliveries")
        self.deliveries[sample.event_id] = [self._owed(sample, each) for each in answer["items"]]
        return self.deliveries[sample.event_id]

    def _owed(self, sample: Sample, row: Mapping[str, Any]) -> Owed:
        slug, state, wanted = row["channel"]["slug"], row["state"], row["wanted"]
        is_current = state == "withdrawn" if wanted is None else row["shown"] in (wanted, None)
        deletes = any(account["slug"] == slug for account in self.town.accounts)
        return Owed(
            sample.event_id,
            sample.lane,
            slug,
            state,
            tuple(row["references"]),
            is_current=is_current,
            is_gone=deletes and state == "withdrawn",
        )

    async def correct(self, sample: Sample, change: Mapping[str, Any]) -> None:
        """Let its source change a notice that was handed in."""
        await self._edit("PATCH", sample, "", change)

    async def withdraw(self, sample: Sample) -> None:
        await self._edit("POST", sample, "/withdrawal", None)

    async def _edit(self, method: str, sample: Sample, path: str, body: Any) -> None:
        headers = {"Authorization": f"Bearer {self.keys[sample.source]}", "If-Match": "*"}
        if body is not None:
            headers["Content-Type"] = "application/merge-patch+json"
        await self.ask(method, f"{self.api}/v1/notices/{self.ids[sample.event_id]}{path}", body, headers)
        await self.look(sample)

    async def _share_secret(self, slug: str) -> None:
        """Make the secret of a webhook and give it to the receiver, as the operators of the two would."""
        made = await self.as_admin("POST", f"/v1/channels/{slug}/secret", {})
        await self.ask("POST", f"{self.receiver}/secrets", {"secret": made["secret"]})

    async def _make_chat(self, chat: Mapping[str, Any]) -> None:
        present = await self.ask("GET", f"{self.sandbox}/sandbox/chats?search={chat['id']}")
        if not present["chats"]:
            await self.ask("POST", f"{self.sandbox}/sandbox/chats", chat)

    def _wanted(self) -> list[dict[str, Any]]:
        """List the channels of every kind as the API takes them."""
        town = self.town
        return [
            *({"kind": "telegram", "address": str(each["chat"]["id"]), **each["channel"]} for each in town.channels),
            *({"kind": "noticeboard", **board} for board in town.boards),
            *({"kind": "wechat", **account} for account in town.accounts),
            *({"kind": "webhook", "address": f"{self.receiver}/hook", **hook} for hook in town.hooks),
        ]

    async def _key_of(self, slug: str, about: Mapping[str, Any]) -> str:
        """Make a source and take its key; for one that is there, issue a key of ours in place of an earlier one."""
        source = {"slug": slug, "key_expires_in_days": 1, **about}
        made = await self.as_admin("POST", "/v1/sources", source, unless=CONFLICT)
        if made is not None:
            return str(made["key"])
        keys = f"/v1/sources/{slug}/keys"
        for key in (await self.as_admin("GET", keys))["items"]:
            if key["label"] == LABEL and key["state"] == "valid":
                await self.as_admin("DELETE", f"{keys}/{key['id']}")
        return str((await self.as_admin("POST", keys, {"label": LABEL, "expires_in_days": 1}))["key"])

    async def as_admin(self, method: str, path: str, body: Any = None, *, unless: int | None = None) -> Any:
        headers = {"Authorization": f"Bearer {self.admin_key}"}
        return await self.ask(method, self.api + path, body, headers, unless=unless)

    async def ask(
        self,
        method: str,
        url: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        *,
        unless: int | None = None,
    ) -> Any:
        """Send a request, again while nobody answers; None for an empty answer and for the refusal that is expected."""
        for rest in range(TRIES, 0, -1):
            try:
                return await self._send(method, url, body, headers, unless)
            except (aiohttp.ClientConnectionError, ComeBackError) as error:  # the API may just be started again
                if rest == 1:
                    raise RefusedError(f"{method} {url}: {error}") from None
                await asyncio.sleep(PAUSE)
        return None

    async def _send(
        self, method: str, url: str, body: Any, headers: Mapping[str, str] | None, unless: int | None
    ) -> Any:
        async with self.http.request(method, url, json=body, headers=headers) as response:
            if response.status in (unless, NO_CONTENT):
                return None
            if response.status in COME_BACK:
                raise ComeBackError(await response.text())
            if not response.ok:
                raise RefusedError(f"{method} {url} was answered with {response.status}: {await response.text()}")
            return await response.json()
