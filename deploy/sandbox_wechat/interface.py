# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The calls of the interface: each takes what came in and gives the members of the answer, or refuses."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from deploy.sandbox_wechat import content, mass, publishing
from deploy.sandbox_wechat.account import Account, Article
from deploy.sandbox_wechat.journal import Entry
from deploy.sandbox_wechat.rules import RefusedError, same_month
from deploy.sandbox_wechat.tokens import Tokens

PREVIEWED = "/cgi-bin/message/mass/preview"


@dataclass(frozen=True, slots=True)
class Call:
    """One call: its query, its raw body, the file in it, and the entry in which it notes what it did."""

    account: Account
    tokens: Tokens
    query: Mapping[str, str]
    raw: bytes
    file: bytes
    where: str
    entry: Entry

    @property
    def body(self) -> dict[str, Any]:
        return content.read_json(self.raw)


Answer = dict[str, Any]


def stable_token(call: Call) -> Answer:
    body = call.body
    call.tokens.check_secret(body.get("appid"), body.get("secret"))
    token = call.tokens.give_stable(forced=body.get("force_refresh") is True)
    call.entry.did = "token"
    left = max(int(token.until - call.account.now()), int(call.account.rules.token_overlap))
    return {"access_token": token.text, "expires_in": left}


def old_token(call: Call) -> Answer:
    call.tokens.check_secret(call.query.get("appid"), call.query.get("secret"))
    token = call.tokens.give_old()
    call.entry.did = "token"
    return {"access_token": token.text, "expires_in": int(call.account.rules.token_life)}


def upload_image(call: Call) -> Answer:
    upload = content.body_image(call.account, call.file)
    call.entry.did = "uploaded"
    return {"url": f"{call.where}/mmbiz/{upload.id}"}


def add_material(call: Call) -> Answer:
    upload = content.material(call.account, call.file, call.query.get("type", ""), permanent=True)
    call.entry.did = "uploaded"
    return {"media_id": upload.id, "url": f"{call.where}/mmbiz/{upload.id}"}


def upload_temporary(call: Call) -> Answer:
    upload = content.material(call.account, call.file, call.query.get("type", ""), permanent=False)
    call.entry.did = "uploaded"
    return {"type": upload.sort, "media_id": upload.id, "created_at": int(upload.at)}


def draft_add(call: Call) -> Answer:
    call.account.allow("drafts")
    articles = content.draft(call.account, call.raw, f"{call.where}/mmbiz/")
    name = call.account.new_name("d")
    call.account.drafts[name] = articles
    call.entry.did, call.entry.titles = "drafted", [article.title for article in articles]
    return {"media_id": name}


def draft_of(call: Call) -> tuple[str, list[Article]]:
    call.account.allow("drafts")
    name = str(call.body.get("media_id", ""))
    if name not in call.account.drafts:
        raise RefusedError(40007)
    return name, call.account.drafts[name]


def draft_get(call: Call) -> Answer:
    _, articles = draft_of(call)
    rows = [
        {
            "title": each.title,
            "author": each.author,
            "digest": each.digest,
            "content": each.content,
            "content_source_url": each.content_source_url,
            "thumb_media_id": each.thumb,
        }
        for each in articles
    ]
    return {"news_item": rows}


def draft_delete(call: Call) -> Answer:
    name, _ = draft_of(call)
    del call.account.drafts[name]
    call.entry.did = "deleted"
    return {"errcode": 0, "errmsg": "ok"}


def mass_sendall(call: Call) -> Answer:
    body = call.body
    call.entry.key = str(body.get("clientmsgid"))
    send = mass.submit(call.account, body)
    call.entry.did, call.entry.msg_id = "submitted", str(send.msg_id)
    call.entry.titles = [article.title for article in send.articles]
    return {
        "errcode": 0,
        "errmsg": "send job submission success",
        "msg_id": send.msg_id,
        "msg_data_id": send.data_id,
    }


def mass_preview(call: Call) -> Answer:
    body = call.body
    call.account.allow("mass")
    if not (body.get("touser") or body.get("towxname")):
        raise RefusedError(40008)
    if not mass.found(call.account, str(body.get("msgtype")), body)[0]:
        raise RefusedError(40007)
    call.entry.did = "previewed"
    return {"errcode": 0, "errmsg": "preview success", "msg_id": call.account.next_msg_id()}


def mass_get(call: Call) -> Answer:
    call.account.allow("mass")
    send = mass.named(call.account, call.body)
    return {"msg_id": send.msg_id, "msg_status": mass.status_of(send)}


def mass_delete(call: Call) -> Answer:
    call.account.allow("mass")
    send = mass.delete(call.account, call.body)
    call.entry.did, call.entry.msg_id = "deleted", str(send.msg_id)
    return {"errcode": 0, "errmsg": "ok"}


def publish_submit(call: Call) -> Answer:
    made = publishing.submit(call.account, call.body)
    call.entry.did, call.entry.msg_id = "submitted", made.id
    return {"errcode": 0, "errmsg": "ok", "publish_id": made.id, "msg_data_id": str(made.data_id)}


def publish_get(call: Call) -> Answer:
    return publishing.status(call.account, call.body, call.where)


def publish_delete(call: Call) -> Answer:
    made = publishing.delete(call.account, call.body)
    call.entry.did, call.entry.msg_id = "deleted", made.id
    return {"errcode": 0, "errmsg": "ok"}


def quota(call: Call) -> Answer:
    path = str(call.body.get("cgi_path", ""))
    limit = call.account.rules.daily.get(path)
    if limit is None:
        raise RefusedError(40013)
    used = len(call.account.calls.get(path, []))
    return {"errcode": 0, "errmsg": "ok", "quota": {"daily_limit": limit, "used": used, "remain": limit - used}}


def clear_quota(call: Call) -> Answer:
    now, name = call.account.now(), "clear_quota"
    month = [at for at in call.account.calls.get(name, []) if same_month(at, now)]
    if len(month) >= call.account.rules.clear_quota_a_month:
        raise RefusedError(48006)
    call.account.calls = {name: [*month, now]}
    return {"errcode": 0, "errmsg": "ok"}


OPEN: dict[str, Callable[[Call], Answer]] = {"/cgi-bin/stable_token": stable_token, "/cgi-bin/token": old_token}
"""Those that need no token."""
CLOSED: dict[str, Callable[[Call], Answer]] = {
    "/cgi-bin/media/uploadimg": upload_image,
    "/cgi-bin/media/upload": upload_temporary,
    "/cgi-bin/material/add_material": add_material,
    "/cgi-bin/draft/add": draft_add,
    "/cgi-bin/draft/get": draft_get,
    "/cgi-bin/draft/delete": draft_delete,
    "/cgi-bin/message/mass/sendall": mass_sendall,
    PREVIEWED: mass_preview,
    "/cgi-bin/message/mass/get": mass_get,
    "/cgi-bin/message/mass/delete": mass_delete,
    "/cgi-bin/freepublish/submit": publish_submit,
    "/cgi-bin/freepublish/get": publish_get,
    "/cgi-bin/freepublish/delete": publish_delete,
    "/cgi-bin/openapi/quota/get": quota,
    "/cgi-bin/clear_quota": clear_quota,
}
GETS = frozenset({"/cgi-bin/token"})
UNCOUNTED = frozenset({"/cgi-bin/openapi/quota/get", "/cgi-bin/clear_quota"})
