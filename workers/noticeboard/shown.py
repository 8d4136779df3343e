# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What a board should show of a delivery: one posting, the same bytes for the same wish."""

import hashlib
from collections.abc import Sequence

from app.domain.code import visible_code
from app.domain.delivery import Part
from app.domain.posting import Office, Shown, State, Titled
from app.domain.spoken import spoken
from app.outbox import Owed

DIGEST = 16


def shown(owed: Owed) -> Sequence[Part]:
    """Give the one part that shows the delivery as it should be."""
    payload = posting(owed).model_dump_json()
    return [Part(hashlib.sha256(payload.encode()).hexdigest()[:DIGEST], payload)]


def posting(owed: Owed) -> Shown:
    """Choose the text in the board's language, and put together what stands around it."""
    notice, state = owed.notice, _state(owed)
    language = spoken(notice, owed.language)
    text = notice.texts[language]
    return Shown(
        state=state,
        revision=owed.revision,
        stamped_at=None if state == "current" else (owed.withdrawn_at or owed.changed_at),
        code=visible_code(owed.notice_id),
        language=language,
        **text.model_dump(include={"title", "summary", "body", "what_to_do"}),
        **notice.model_dump(include={"kind", "priority", "service", "valid_from", "valid_until", "expires_at"}),
        **notice.audience.model_dump(include={"grades", "schools", "areas"}),
        service_name=owed.service_name,
        source_name=owed.source_name,
        links=tuple(Titled(title=link.title, href=link.href) for link in notice.links),
        attachments=tuple(Titled(title=file.title, href=file.href) for file in notice.attachments),
        contacts=tuple(
            Office(**contact.model_dump(include={"label", "phone", "email", "hours"})) for contact in notice.contacts
        ),
        supersedes=notice.supersedes,
    )


def _state(owed: Owed) -> State:
    if owed.progress.wanted is None:
        return "withdrawn"
    return "current" if owed.revision == 1 else "corrected"
