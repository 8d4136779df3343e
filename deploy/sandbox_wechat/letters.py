# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Event letters to a callback URL: the XML, its signature, and the sealed form of the secure mode."""

import base64
import hashlib
import secrets
import time
from xml.sax.saxutils import escape

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from deploy.sandbox_wechat.account import Publication, Send

OPENID = "oSandbox_mphelper_0000000000"
BLOCK = 32


def signature(*parts: str) -> str:
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()  # noqa: S324 - WeChat's own choice


def sealed(xml: bytes, aes_key: str, app_id: str) -> str:
    """Seal a letter: 16 random bytes, the length, the letter, the app id, padded to 32, AES-256-CBC, base64."""
    key = base64.b64decode(aes_key + "=")
    plain = secrets.token_bytes(16) + len(xml).to_bytes(4, "big") + xml + app_id.encode()
    missing = BLOCK - len(plain) % BLOCK
    cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(cipher.update(plain + bytes([missing]) * missing) + cipher.finalize()).decode()


def addressed(xml: bytes, token: str, aes_key: str | None, app_id: str) -> tuple[dict[str, str], bytes]:
    """Give the query and the body of the request that carries a letter."""
    stamp, nonce = str(int(time.time())), str(secrets.randbelow(10**10))
    query = {"signature": signature(token, stamp, nonce), "timestamp": stamp, "nonce": nonce, "openid": OPENID}
    if aes_key is None:
        return query, xml
    encrypted = sealed(xml, aes_key, app_id)
    query |= {"encrypt_type": "aes", "msg_signature": signature(token, stamp, nonce, encrypted)}
    return (
        query,
        f"<xml><ToUserName><![CDATA[gh_sandbox]]></ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>".encode(),
    )


def told(thing: Send | Publication, at: float, *, urls: bool, where: str) -> bytes:
    """Write the letter for something that has ended."""
    members = _mass(thing, where, urls=urls) if isinstance(thing, Send) else _published(thing, where, urls=urls)
    head = f"<ToUserName>gh_sandbox</ToUserName><FromUserName>{OPENID}</FromUserName><CreateTime>{int(at)}</CreateTime>"
    return f"<xml>{head}<MsgType>event</MsgType>{members}</xml>".encode()


def _mass(send: Send, where: str, *, urls: bool) -> str:
    errors = 0 if send.state == "done" else send.filtered
    counts = {"TotalCount": send.total, "FilterCount": send.filtered, "SentCount": send.sent, "ErrorCount": errors}
    figures = "".join(f"<{name}>{value}</{name}>" for name, value in counts.items())
    items = "".join(
        f"<item><ArticleIdx>{number}</ArticleIdx><ArticleUrl>{escape(f'{where}/s/{send.data_id}/{number}')}</ArticleUrl></item>"
        for number in range(1, len(send.articles) + 1)
    )
    listed = f"<Count>{len(send.articles)}</Count><ResultList>{items}</ResultList>" if urls else ""
    return (
        f"<Event>MASSSENDJOBFINISH</Event><MsgID>{send.msg_id}</MsgID><Status>{escape(send.status)}</Status>{figures}"
        f"<ArticleUrlResult>{listed}</ArticleUrlResult>"
    )


def _published(made: Publication, where: str, *, urls: bool) -> str:
    items = "".join(
        f"<item><idx>{number}</idx><article_url>{escape(f'{where}/s/{made.article_id}/{number}')}</article_url></item>"
        for number in range(1, len(made.articles) + 1)
    )
    detail = f"<article_detail><count>{len(made.articles)}</count>{items if urls else ''}</article_detail>"
    code = 0 if made.state == "done" else 3
    return (
        f"<Event>PUBLISHJOBFINISH</Event><PublishEventInfo><publish_id>{made.id}</publish_id><publish_status>{code}"
        f"</publish_status><article_id>{made.article_id}</article_id>{detail}</PublishEventInfo>"
    )
