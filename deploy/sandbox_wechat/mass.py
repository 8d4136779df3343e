# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Mass sends: the once-key, the quotas per day, per month and per follower, the confirmation, and how they end."""

import hashlib
from collections.abc import Mapping
from typing import Any

from deploy.sandbox_wechat.account import Account, Article, Follower, Send
from deploy.sandbox_wechat.rules import RefusedError, same_day, same_month

MINUTE = 60.0
TYPES = frozenset({"mpnews", "text", "image", "voice", "mpvideo", "wxcard"})


def submit(account: Account, body: Mapping[str, Any]) -> Send:
    """Take a send, once under each key; what happens then is told later."""
    account.allow("mass")
    sort, tag = what_and_whom(account, body)
    articles, content = found(account, sort, body)
    key = key_of(account, body, content)
    refuse_repetition(account, key)
    check_pace(account)
    check_quota(account, tag)
    send = new_send(account, key, tag, articles)
    if sort == "mpnews":
        account.drafts.pop(content, None)
    account.keys[key] = (send.msg_id, account.now())
    account.tell("submitted", send)
    return send


def what_and_whom(account: Account, body: Mapping[str, Any]) -> tuple[str, int | None]:
    sort, whom = body.get("msgtype"), body.get("filter")
    if sort not in TYPES:
        raise RefusedError(40008)
    if account.profile.only_articles and sort != "mpnews":
        raise RefusedError(48008)
    if not isinstance(whom, dict):
        raise RefusedError(47001)
    if whom.get("is_to_all"):
        return str(sort), None
    try:
        return str(sort), int(whom.get("tag_id", ""))
    except (TypeError, ValueError):
        raise RefusedError(40008) from None


def found(account: Account, sort: str, body: Mapping[str, Any]) -> tuple[list[Article] | None, str]:
    """The articles of the draft (None where a repetition no longer finds it), and what tells the content."""
    inner = body.get(sort)
    content = str(inner.get("media_id") or inner.get("content") or "") if isinstance(inner, dict) else ""
    if sort != "mpnews":
        return [], content
    return account.drafts.get(content), content


def key_of(account: Account, body: Mapping[str, Any], content: str) -> str:
    """The caller's key, or a digest of audience and content."""
    given = body.get("clientmsgid")
    if given is None:
        return hashlib.sha256(f"{body['filter']}{content}".encode()).hexdigest()
    if len(str(given).encode()) > account.rules.clientmsgid:
        raise RefusedError(45067)
    return str(given)


def refuse_repetition(account: Account, key: str) -> None:
    known = account.keys.get(key)
    if known is None or account.now() - known[1] > account.rules.clientmsgid_memory:
        return
    send = account.sends[known[0]]
    last, send.called = send.called, account.now()
    if send.called - last < account.rules.clientmsgid_rest:
        raise RefusedError(45066)
    raise RefusedError(45065, msg_id=send.msg_id)


def check_pace(account: Account) -> None:
    now, path = account.now(), "mass per minute"
    recent = [at for at in account.calls.get(path, []) if at > now - MINUTE]
    if len(recent) >= account.rules.mass_per_minute:
        raise RefusedError(45011)
    account.calls[path] = [*recent, now]


def check_quota(account: Account, tag: int | None) -> None:
    """Sends to all are counted for the account, website and interface together; what was refused does not count."""
    if tag is not None:
        return
    now, profile = account.now(), account.profile
    counted = [send for send in account.sends.values() if send.to_all and send.state != "failed"]
    today = sum(same_day(send.at, now) for send in counted)
    month = sum(same_month(send.at, now) for send in counted)
    if today >= profile.all_per_day:
        raise RefusedError(45028)
    if profile.per_follower_and_month and month >= profile.per_follower_and_month:
        raise RefusedError(45028)


def new_send(account: Account, key: str, tag: int | None, articles: list[Article] | None, by: str = "api") -> Send:
    if articles is None:
        raise RefusedError(40007)
    now = account.now()
    number = account.next_msg_id()
    waits = account.needs_confirmation and tag is None and by == "api"
    send = Send(number, number + 1_000_000_000, key, now, tag, articles, by=by, called=now)
    send.state = "confirming" if waits else "sending"
    send.until = now + (account.rules.confirmation if waits else account.rules.job)
    send.status, account.next_status = account.next_status, "send success"
    account.sends[number] = send
    return send


def decide(account: Account, send: Send, *, confirmed: bool) -> None:
    """Do what the administrator chose on the phone."""
    if send.state != "confirming":
        raise ValueError(f"{send.msg_id} does not wait for a confirmation")
    if confirmed:
        send.state, send.until = "sending", account.now() + account.rules.job
        account.tell("confirmed", send)
    else:
        fail(account, send)


def fail(account: Account, send: Send) -> None:
    send.state, send.status = "failed", "send fail"
    account.tell("finished", send)


def go_on(account: Account) -> None:
    """Let time have its effect: silence refuses, and what is being sent arrives."""
    now = account.now()
    for send in list(account.sends.values()):
        if send.until > now:
            continue
        if send.state == "confirming":
            fail(account, send)
        elif send.state == "sending":
            arrive(account, send)


def arrive(account: Account, send: Send) -> None:
    """Push to every follower who has not had as many as the month allows."""
    now, most = account.now(), account.profile.per_follower_and_month
    reached = [each for each in account.followers if send.tag is None or send.tag in each.tags]
    send.total = len(reached)
    if send.status == "send success":
        open_ones = [each for each in reached if not most or pushes_of(each, now) < most]
        for each in open_ones:
            each.received.append(now)
        send.filtered = send.sent = len(open_ones)
        send.state = "done"
    else:
        send.state = "failed"
    account.tell("finished", send)


def pushes_of(follower: Follower, now: float) -> int:
    return sum(same_month(at, now) for at in follower.received)


def status_of(send: Send) -> str:
    """What mass/get says of a send."""
    words = {"done": "SEND_SUCCESS", "failed": "SEND_FAIL", "deleted": "DELETE"}
    return words.get(send.state, "SENDING")


def delete(account: Account, body: Mapping[str, Any]) -> Send:
    """Kill an article for everyone, or all of a send with index 0; what is not there is an invalid id."""
    send = named(account, body)
    index = int(body.get("article_idx") or 0)
    if send.state != "done" or index > len(send.articles):
        raise RefusedError(40059)
    for article in send.articles if index == 0 else [send.articles[index - 1]]:
        article.deleted = True
    if all(article.deleted for article in send.articles):
        send.state = "deleted"
    account.tell("deleted", send)
    return send


def named(account: Account, body: Mapping[str, Any]) -> Send:
    try:
        return account.sends[int(body.get("msg_id", ""))]
    except (KeyError, TypeError, ValueError):
        raise RefusedError(40059) from None
