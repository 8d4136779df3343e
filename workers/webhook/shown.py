# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A notice as the receiver of a webhook gets it: JSON, whole, in the channel's language."""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from app.domain.code import visible_code
from app.domain.delivery import Action, Intent, Part
from app.domain.spoken import spoken
from app.outbox import Owed

VERSIONING = ("revision", "changed_at")
"""Members that change with every amendment, also with one that changes nothing else for this channel."""
SHARED = {
    "kind",
    "priority",
    "valid_from",
    "valid_until",
    "expires_at",
    "links",
    "contacts",
    "attachments",
    "supersedes",
}


def shown(owed: Owed) -> Sequence[Part]:
    """Give the one part of a notice; its digest tells what a receiver must be told anew from what it need not."""
    data = _withdrawn(owed) if owed.progress.wanted is None else _current(owed)
    told = {name: value for name, value in data.items() if name not in VERSIONING}
    return [Part(hashlib.sha256(_json(told)).hexdigest()[:16], _json(data).decode())]


def event(intent: Intent) -> bytes:
    """Give the body that is sent for an intent: the same bytes for every try."""
    data = json.loads(intent.payload)
    kind = "published" if intent.action is Action.POST else "corrected"
    if data["state"] == "withdrawn":
        kind = "withdrawn"
    return _event(kind, data)


def publication(owed: Owed) -> bytes:
    """Give the body that the first call for a notice would have."""
    return _event("published", _current(owed))


def _event(kind: str, data: dict[str, Any]) -> bytes:
    return _json({"type": f"notice.{kind}", "timestamp": data["changed_at"], "data": data})


def _current(owed: Owed) -> dict[str, Any]:
    language = spoken(owed.notice, owed.language)
    text = owed.notice.texts[language].model_dump(mode="json")
    return {
        **_named(owed, owed.changed_at),
        "state": "current",
        "language": language,
        "languages": list(owed.notice.texts),
        **text,
        **owed.notice.model_dump(mode="json", include=SHARED),
    }


def _withdrawn(owed: Owed) -> dict[str, Any]:
    language = spoken(owed.notice, owed.language)
    what = {"state": "withdrawn", "language": language, "title": owed.notice.texts[language].title}
    return {**_named(owed, owed.withdrawn_at or owed.changed_at), **what}


def _named(owed: Owed, changed_at: datetime) -> dict[str, Any]:
    return {
        "id": str(owed.notice_id),
        "reference": visible_code(owed.notice_id),
        "event_id": owed.notice.event_id,
        "revision": owed.revision,
        "changed_at": changed_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "source": owed.source_name,
        "service": {"slug": owed.notice.service, "name": owed.service_name},
    }


def _json(members: dict[str, Any]) -> bytes:
    return json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()
