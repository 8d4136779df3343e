# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Free publication: a permanent link without any push, told of later."""

from collections.abc import Mapping
from typing import Any

from deploy.sandbox_wechat.account import Account, Publication
from deploy.sandbox_wechat.rules import RefusedError


def submit(account: Account, body: Mapping[str, Any]) -> Publication:
    account.allow("publish")
    articles = account.drafts.pop(str(body.get("media_id", "")), None)
    if articles is None:
        raise RefusedError(40007)
    number = account.next_msg_id()
    until = account.now() + account.rules.publication
    made = Publication(str(number), number + 1_000_000_000, articles, until, article_id=account.new_name("a"))
    account.publications[made.id] = made
    account.tell("submitted", made)
    return made


def status(account: Account, body: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Answer freepublish/get: 0 published, 1 under way, 3 failed, 4 deleted."""
    account.allow("publish")
    made = account.publications.get(str(body.get("publish_id", "")))
    if made is None:
        raise RefusedError(53503)
    code = {"done": 0, "publishing": 1, "failed": 3, "deleted": 4}[made.state]
    answer: dict[str, Any] = {"publish_id": made.id, "publish_status": code}
    if made.state == "done":
        answer |= {"article_id": made.article_id, "article_detail": detail(made, where)}
    return answer


def detail(made: Publication, where: str) -> dict[str, Any]:
    items = [
        {"idx": number, "article_url": f"{where}/s/{made.article_id}/{number}"}
        for number in range(1, len(made.articles) + 1)
    ]
    return {"count": len(items), "item": items}


def delete(account: Account, body: Mapping[str, Any]) -> Publication:
    account.allow("publish")
    for made in account.publications.values():
        if made.article_id == body.get("article_id") and made.state == "done":
            made.state = "deleted"
            account.tell("deleted", made)
            return made
    raise RefusedError(40007)


def go_on(account: Account) -> None:
    for made in account.publications.values():
        if made.state == "publishing" and made.until <= account.now():
            made.state = "done"
            account.tell("finished", made)
