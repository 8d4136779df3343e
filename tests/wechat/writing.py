# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Letters as WeChat writes and posts them."""

from deploy.sandbox_wechat import APP_ID
from deploy.sandbox_wechat.letters import OPENID, addressed
from tests.api.calling import Answer, Caller

TOKEN = "AAAAA"  # noqa: S105 - of the official test vector
KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
DONE = (
    f"<xml><ToUserName>gh_x</ToUserName><FromUserName>{OPENID}</FromUserName><CreateTime>{{at}}</CreateTime>"
    "<MsgType>event</MsgType><Event>MASSSENDJOBFINISH</Event><MsgID>{number}</MsgID><Status>{status}</Status>"
    "<TotalCount>20</TotalCount><FilterCount>20</FilterCount><SentCount>20</SentCount><ErrorCount>0</ErrorCount>"
    "<ArticleUrlResult>{urls}</ArticleUrlResult></xml>"
)


def done(number: object = 314, status: str = "send success", at: int = 1_800_000_000, urls: str = "") -> bytes:
    return DONE.format(number=number, status=status, at=at, urls=urls).encode()


async def posted(door: Caller, xml: bytes, *, key: str | None = KEY, app_id: str = APP_ID, **query: str) -> Answer:
    """Send a letter as WeChat does, with what a test wants otherwise in its query."""
    members, body = addressed(xml, TOKEN, key, app_id)
    text = "&".join(f"{name}={value}" for name, value in {**members, **query}.items()).replace("+", "%2B")
    return await door.call("POST", f"/callbacks/wechat?{text}", body, {"Content-Type": "text/xml"})
