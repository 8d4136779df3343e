# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Asks WeChat whether the account may draft and push, without doing either."""

import re
from datetime import UTC, datetime
from typing import Any

from app.checks import Answer
from app.domain.outcome import Gone, Misconfigured, reason
from workers.desk import Finding, Pause
from workers.wechat.client import Client
from workers.wechat.errors import read
from workers.wechat.wire import Broken, Reply, Watch

ADDRESS = re.compile(r"all|tag:[0-9]{1,10}")
FORM = "Write all for every follower, or tag: and the number of a tag, such as tag:101."
NOTHING = "campanella-check"
QUESTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "drafts": ("/cgi-bin/draft/get", {"media_id": NOTHING}),
    "pushes": ("/cgi-bin/message/mass/get", {"msg_id": 1}),
    "publications": ("/cgi-bin/freepublish/get", {"publish_id": "1"}),
}
"""Each asks for something that is not there: an account with the right is told just that."""


async def inspect(client: Client, address: str, pause: Pause | None, *, free: bool) -> Finding:  # noqa: ARG001 - a key answers doubts, no test post
    """Check the form of an address, then what the account may do. Never raises."""
    if not ADDRESS.fullmatch(address):
        return Finding(Answer("refused", FORM))
    rights: dict[str, bool] = {}
    for right in ("drafts", "publications" if free else "pushes"):
        reply = await client.call(*QUESTIONS[right], Watch())
        problem = _problem(reply)
        if isinstance(reply, Broken):
            return Finding(Answer("unknown", f"WeChat could not be reached: {reply.why}"))
        rights[right] = problem is None
        if problem is not None:
            return Finding(Answer("refused", problem, rights=rights))
    return Finding(Answer("ok", rights=rights))


def _problem(reply: Reply | Broken) -> str | None:
    outcome = read(reply, datetime.now(UTC), pushing=False)
    return reason(outcome) if isinstance(outcome, Gone | Misconfigured) else None
