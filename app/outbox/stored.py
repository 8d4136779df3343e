# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Intents and posts as they are stored, in a form that versions side by side can read."""

import json
from collections.abc import Sequence
from dataclasses import fields
from functools import lru_cache
from typing import Any

from app.domain.delivery import Action, Intent, Post

IN_AN_INTENT, IN_A_POST = [[field.name for field in fields(row)] for row in (Intent, Post)]
AS_IT_IS = json.JSONEncoder(ensure_ascii=False).encode
LATER = ("items", "kept", "key", "restored", "foreign", "failures", "between", "lands_by", "interim", "spoken")
"""Members of intents and posts that earlier versions do not know."""


def intent_from(text: str | None) -> Intent | None:
    members = json.loads(text or "{}")
    if not members:
        return None
    lists = {name: tuple(members.get(name, ())) for name in ("items", "spoken")}
    typed = {"action": Action(members["action"]), **lists}
    return Intent(**_known(members, IN_AN_INTENT) | typed)


@lru_cache(maxsize=512)
def intent_text(intent: Intent | None) -> str | None:
    """Write an intent down; one of a bulk is the same for many, and each is looked at before it is written."""
    return None if intent is None else AS_IT_IS(_said(intent, IN_AN_INTENT))


def posts_from(text: str) -> tuple[Post, ...]:
    rows = json.loads(text)
    return tuple(Post(**_known(row, IN_A_POST) | {"items": tuple(map(tuple, row.get("items", ())))}) for row in rows)


def posts_text(posts: tuple[Post, ...]) -> str:
    return json.dumps([_said(post, IN_A_POST) for post in posts])


def tags_text(tags: Sequence[str]) -> str:
    """Write languages down as an array of Postgres."""
    return f"{{{json.dumps(tags)[1:-1]}}}"


def _known(members: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Pass over what a later version has written, and this one does not know: both may work side by side."""
    return {name: value for name, value in members.items() if name in names}


def _said(row: Intent | Post, names: Sequence[str]) -> dict[str, Any]:
    """Leave out what an earlier version does not know, where it says nothing: both may work side by side."""
    members = {name: getattr(row, name) for name in names}
    return {name: value for name, value in members.items() if name not in LATER or value}
