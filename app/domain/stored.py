# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A notice as it is stored: it was accepted under the rules of its day, and those of today may be stricter."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from app.domain.notice import Attachment, Audience, Contact, DoubtPolicy, Kind, Link, Notice, Priority, Text


def as_stored(content: str) -> Notice:
    """Read a notice without holding it to any rule for what may come in; members that nobody knows are left out.

    Raises whatever what is no notice leads to.
    """
    given: dict[str, Any] = json.loads(content)
    read = {name: READ[name](value) for name, value in given.items() if name in READ and value is not None}
    notice = Notice.model_construct(**{**given, **read})
    _ = notice.event_id, notice.service, notice.texts
    return notice


def texts_as_stored(given: Mapping[str, Mapping[str, Any]]) -> dict[str, Text]:
    """Read the texts of a notice likewise."""
    return {language: Text.model_construct(**text) for language, text in given.items()}


READ: dict[str, Callable[[Any], object]] = {
    "kind": Kind,
    "priority": Priority,
    "in_doubt": DoubtPolicy,
    "texts": texts_as_stored,
    "audience": lambda given: Audience.model_construct(**given),
    "links": lambda given: [Link.model_construct(**each) for each in given],
    "contacts": lambda given: [Contact.model_construct(**each) for each in given],
    "attachments": lambda given: [Attachment.model_construct(**each) for each in given],
    **dict.fromkeys(("valid_from", "valid_until", "publish_at", "expires_at"), datetime.fromisoformat),
}
