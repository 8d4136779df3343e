# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""One notice in every kind of channel, corrected and taken back as far as each platform permits."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from app.signing import new_shared_secret
from app.vault import Vault, new_key, rotate
from deploy.sandbox import Sandbox
from deploy.sandbox_wechat import APP_ID, SECRET, WeChat
from tests.receiver import Receiver, a_receiver
from tests.story.conftest import Make, Town, until
from tests.wechat.town import FREE, quick

SAMPLES = json.loads(Path("deploy/samples/notices.json").read_text("utf-8"))["notices"]
ALERT: dict[str, Any] = next(each["notice"] for each in SAMPLES if each["notice"]["kind"] == "alert")
ITALIAN, CHINESE = -1001000000001, -1001000000002
CHANNELS = ("italiano", "cinese", "registro", "bacheca", "wechat")
HURRIED = "update delivery set due_at = now() where state in ('due', 'in_doubt') and due_at > now()"
HOW_FAR = """
select distinct c.kind, a.wire
  from attempt a join delivery d on d.id = a.delivery_id join channel c on c.id = d.channel_id
 where a.outcome = 'delivered' and c.kind <> 'noticeboard'
"""
EDITED = {"Content-Type": "application/merge-patch+json", "If-Match": "*"}


@dataclass
class Everywhere:
    """The town with a Telegram channel in Italian and one in Chinese, a webhook, a noticeboard and a WeChat account."""

    town: Town
    receiver: Receiver
    wechat: WeChat
    key: str

    async def hands_in(self, notice: dict[str, Any]) -> str:
        status, accepted = await self.town.asks("POST", "/notices", self.key, notice)
        assert (status, accepted["deliveries"]["due"]) == (202, len(CHANNELS))
        return str(accepted["id"])

    async def deliveries(self, notice: str) -> dict[str, dict[str, Any]]:
        _, found = await self.town.asks("GET", f"/notices/{notice}/deliveries")
        return {each["channel"]["slug"]: each for each in found["items"]}

    async def come_to(self, notice: str, state: str) -> dict[str, dict[str, Any]]:
        """Wait until the deliveries are in a state; what WeChat would be asked for later is asked for now."""

        async def so() -> bool:
            await self.town.city.pool.execute(HURRIED)
            await self.town.city.pool.execute(FREE)
            return {each["state"] for each in (await self.deliveries(notice)).values()} == {state}

        await until(so, 120)
        return await self.deliveries(notice)

    async def changes(self, notice: str, change: dict[str, Any]) -> None:
        await self._edits("PATCH", f"/v1/notices/{notice}", json.dumps(change))

    async def withdraws(self, notice: str) -> None:
        await self._edits("POST", f"/v1/notices/{notice}/withdrawal", None)

    async def _edits(self, method: str, path: str, data: str | None) -> None:
        headers = {"Authorization": f"Bearer {self.key}", **EDITED}
        async with self.town.client.request(method, path, data=data, headers=headers) as answer:
            assert answer.status == 200, await answer.text()

    async def page(self, notice: str) -> str:
        async with self.town.client.get(f"/bacheca/scuola/avvisi/{notice}?zona=storia") as answer:
            return await answer.text()

    async def reads(self, notice: str, words: str) -> None:
        """Wait until the noticeboard says these words."""

        async def so() -> bool:
            return words in await self.page(notice)

        await until(so)


@pytest.fixture
async def everywhere(
    monkeypatch: pytest.MonkeyPatch,
    make_town: Make,
    sandbox: Sandbox,
    tmp_path: Path,
) -> AsyncIterator[Everywhere]:
    wechat = quick(await WeChat.start())
    account = {"APP_ID": APP_ID, "SECRET": SECRET, "API_URL": wechat.url, "CHOICE": "automatic"}
    for name, value in {**account, "TIMEOUT": "30", "POLL": "0.05", "REPEAT_AFTER": "0.05"}.items():
        monkeypatch.setenv(f"CAMPANELLA_WECHAT_{name}", value)
    async with a_receiver(tmp_path) as receiver:
        members = {"secret_keys": SecretStr(new_key()), "webhook_per_second": 0, **receiver.settings}
        async with make_town(**members) as town:
            yield await furnished(town, sandbox, receiver, wechat)
    await wechat.stop()


async def furnished(town: Town, sandbox: Sandbox, receiver: Receiver, wechat: WeChat) -> Everywhere:
    """Make the service, the source and the channels as an operator would."""
    await town.makes(f"/services/{ALERT['service']}", {"name": "Allerta meteo"}, "PUT")
    made = await town.makes("/sources", {"slug": "protezione-civile", "name": "Protezione civile", "services": []})
    places = {
        "italiano": {"kind": "telegram", "address": str(ITALIAN), "language": "it"},
        "cinese": {"kind": "telegram", "address": str(CHINESE), "language": "zh-Hans"},
        "registro": {"kind": "webhook", "address": receiver.url("/registro"), "language": "it"},
        "bacheca": {"kind": "noticeboard", "address": "scuola", "language": "it"},
        "wechat": {"kind": "wechat", "address": "all", "language": "zh-Hans"},
    }
    for chat in (ITALIAN, CHINESE):
        sandbox.add_chat(chat, "channel", f"Scuola {chat}")
    for slug, members in places.items():
        channel = await town.makes("/channels", {"slug": slug, **members})
        if members["kind"] == "webhook":
            await signs(town, receiver, channel["id"])
    return Everywhere(town, receiver, wechat, str(made["key"]))


async def signs(town: Town, receiver: Receiver, channel: str) -> None:
    """Give the webhook a secret that its receiver knows."""
    secret = new_shared_secret()
    receiver.secrets.append(secret)
    async with town.city.pool.acquire() as connection:
        await rotate(connection, Vault.of(town.city.settings), "channel", channel, secret, timedelta(hours=1))


async def test_one_notice_reaches_them_all_and_so_does_what_becomes_of_it(everywhere: Everywhere) -> None:
    city, receiver, wechat = everywhere.town.city, everywhere.receiver, everywhere.wechat
    italian, chinese = ALERT["texts"]["it"]["title"], ALERT["texts"]["zh-Hans"]["title"]

    number = await everywhere.hands_in(ALERT)
    await everywhere.come_to(number, "delivered")

    assert (len(city.posts(ITALIAN)), len(city.posts(CHINESE))) == (1, 1)
    assert italian in city.texts(ITALIAN)[0]
    assert chinese in city.texts(CHINESE)[0]
    assert [call.verified for call in receiver.calls] == [True]
    assert len(wechat.pushed) == 1
    assert len(wechat.pushed[0].articles) == 2
    await everywhere.reads(number, italian)
    assert {tuple(row) for row in await city.pool.fetch(HOW_FAR)} == {
        ("telegram", "response"),
        ("webhook", "response"),
        ("wechat", "response"),
    }

    better = "Allerta rossa per temporali, venerdì 11 dicembre"
    change = {"texts": {"it": {"title": better}}}
    await everywhere.changes(number, change)
    after = await everywhere.come_to(number, "delivered")

    assert (len(city.posts(ITALIAN)), better in city.texts(ITALIAN)[0]) == (1, True)
    assert "Corretto il" in city.texts(ITALIAN)[0]
    await everywhere.reads(number, better)
    assert "Corretto il" in await everywhere.page(number)
    assert len(receiver.taken) == 2
    assert len(wechat.pushed) == 1
    assert "WeChat lets nobody change a sent article" in after["wechat"]["last_error"]

    await everywhere.withdraws(number)
    await everywhere.come_to(number, "withdrawn")

    assert [len(city.posts(chat)) for chat in (ITALIAN, CHINESE)] == [1, 1]
    assert "AVVISO RITIRATO" in city.texts(ITALIAN)[0]
    assert "已撤回" in city.texts(CHINESE)[0]
    await everywhere.reads(number, "AVVISO RITIRATO")
    assert len(receiver.taken) == 3
    assert [send.state for send in wechat.sends] == ["deleted"]
