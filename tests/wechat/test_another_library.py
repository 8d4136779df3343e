# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A library that is not ours takes the sandbox for WeChat."""

import asyncio
import io
from typing import Any

import pytest
from wechatpy.client import WeChatClient
from wechatpy.exceptions import APILimitedException, WeChatClientException

from deploy.sandbox_wechat import APP_ID, SECRET
from tests.wechat.caller import PNG, Client, later


@pytest.fixture
def other(client: Client) -> WeChatClient:
    """A library that is not ours, with the sandbox in WeChat's place."""
    made = WeChatClient(APP_ID, SECRET, access_token=client.token)
    made.API_BASE_URL = f"{client.sandbox.url}/cgi-bin/"
    return made


async def test_another_library_drafts_sends_asks_and_deletes(other: WeChatClient, client: Client) -> None:
    def all_of_it() -> tuple[str, dict[str, Any]]:
        cover = other.material.add("image", ("cover.png", io.BytesIO(PNG)))["media_id"]
        draft = other.draft.add([{"title": "标题", "content": "<p>x</p>", "thumb_media_id": cover}])["media_id"]
        assert other.draft.get(draft)["news_item"][0]["title"] == "标题"
        send = other.message.send_mass_article(draft, is_to_all=True, client_msg_id="k1")
        return str(send["msg_id"]), other.message.get_mass(send["msg_id"])

    number, status = await asyncio.to_thread(all_of_it)

    assert status["msg_status"] in ("SENDING", "SEND_SUCCESS")
    assert [str(send.msg_id) for send in client.sandbox.sends] == [number]


async def test_another_library_publishes(other: WeChatClient, client: Client) -> None:
    draft = (await client.draft())["media_id"]

    made = await asyncio.to_thread(other.freepublish.submit, draft)
    later(client.sandbox, 1)
    found = await asyncio.to_thread(other.freepublish.get, made["publish_id"])

    assert found["publish_status"] == 0
    assert found["article_detail"]["item"][0]["idx"] == 1


@pytest.mark.parametrize(("errcode", "error"), [(45028, WeChatClientException), (45009, APILimitedException)])
async def test_another_library_sees_each_refusal_as_its_own_error(
    other: WeChatClient, client: Client, errcode: int, error: type[Exception]
) -> None:
    client.sandbox.fault(errcode=errcode, method="message/mass/sendall")

    with pytest.raises(error, match=str(errcode)):
        await asyncio.to_thread(other.message.send_mass_article, "d", None, is_to_all=True)
