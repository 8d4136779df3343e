# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The calls of the interface: each takes what came in and gives the members of the answer, or refuses."""

from collections.abc import Callable

from deploy.sandbox_wechat import drafting, mass, publishing
from deploy.sandbox_wechat.call import Answer, Call
from deploy.sandbox_wechat.rules import RefusedError, same_month

PREVIEWED = "/cgi-bin/message/mass/preview"


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
    "/cgi-bin/media/uploadimg": drafting.upload_image,
    "/cgi-bin/media/upload": drafting.upload_temporary,
    "/cgi-bin/material/add_material": drafting.add_material,
    "/cgi-bin/draft/add": drafting.draft_add,
    "/cgi-bin/draft/get": drafting.draft_get,
    "/cgi-bin/draft/delete": drafting.draft_delete,
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
