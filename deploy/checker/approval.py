# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Approvals: a text that a person must read first is not shown before, and is not waited for afterwards."""

from collections.abc import Iterator

from deploy.checker.evidence import Evidence
from deploy.checker.rows import Delivery

WAITING = ("due", "delivered")
NO_LANGUAGES = ("second-person", "tomorrow")


def waits_with_reason(evidence: Evidence) -> Iterator[str]:
    """Say what waits for an approval that nobody asks for, or that was given: it would wait for ever."""
    for row in evidence.records.deliveries:
        language = None if row.retired_at is not None else row.awaits  # what is retired stays as it is
        if language is None or language in NO_LANGUAGES or row.state not in WAITING or row.lease_until is not None:
            continue
        if row.notice.text(language, row.wanted) is None:
            yield f"{row.where} waits for a text in {language}, which its notice does not have"
        elif not row.notice.is_guarded(language):
            yield f"{row.where} waits for an approval in {language}, which its service does not ask for"
        elif row.notice.is_approved(language, row.wanted):
            yield f"{row.where} waits for its text in {language}, which is approved"


def approved_first(evidence: Evidence) -> Iterator[str]:
    """Say what is shown of a text that its delivery still waits for."""
    for row in evidence.records.deliveries:
        title = _unseen(row)
        if title is None:
            continue
        for reference in row.references:
            entry = evidence.shows.get((row.address, int(reference))) if reference.isdigit() else None
            if entry is not None and title in entry.text:
                yield f"{row.where}: {reference} shows a text in {row.awaits} that nobody has approved"


def _unseen(row: Delivery) -> str | None:
    """Give the title of the text that is waited for, where no other text of the notice has ever had it."""
    text = row.notice.text(row.awaits, row.wanted) if row.awaits is not None else None
    if text is None or row.state not in WAITING or row.notice.is_approved(str(row.awaits), row.wanted):
        return None
    title: str = text["title"]
    others = (
        each
        for number, revision in row.notice.revisions.items()
        for each in revision.texts.items()
        if number <= row.notice.revision
    )
    same = [tag for tag, other in others if other["title"] == title]
    return title if same == [row.awaits] else None
