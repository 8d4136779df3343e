# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The calls that upload pictures and make, show and delete drafts."""

from deploy.sandbox_wechat import content
from deploy.sandbox_wechat.account import Article
from deploy.sandbox_wechat.call import Answer, Call
from deploy.sandbox_wechat.rules import RefusedError


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
