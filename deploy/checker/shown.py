# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What the rows say is shown is really shown, and nothing went out when it should not."""

from collections.abc import Iterator

from deploy.checker.evidence import Evidence, code_of
from deploy.checker.rows import POST, Delivery

DONE = ("delivered", "withdrawn")


def as_shown(evidence: Evidence) -> Iterator[str]:
    seen: dict[tuple[str, str], Delivery] = {}
    for row in evidence.records.deliveries:
        if row.state == "delivered":
            yield from _complete(row)
        if not row.is_told_of:
            continue
        yield from _taken_from(evidence, row)
        for number, reference in enumerate(row.references):
            yield from _there(evidence, row, reference, first=number == 0)
            other = seen.setdefault((row.address, reference), row)
            if other is not row:
                yield f"{row.where} claims {reference}, which is also that of {other.where}"


def _complete(row: Delivery) -> Iterator[str]:
    if row.by_a_person:
        return
    if not row.references:
        yield f"{row.where} has no reference"
    if row.shown != row.wanted:
        yield f"{row.where} shows revision {row.shown}, not {row.wanted}"


def _taken_from(evidence: Evidence, row: Delivery) -> Iterator[str]:
    """Say what a delivery that is done claims although we have deleted it ourselves, for whatever other notice."""
    for reference in dict.fromkeys((*row.references, *filter(None, row.items))) if row.state in DONE else ():
        if (row.address, int(reference)) in evidence.removed:
            yield f"{row.where} claims {reference}, which we have deleted"


def _there(evidence: Evidence, row: Delivery, reference: str, *, first: bool) -> Iterator[str]:
    entry = evidence.shows.get((row.address, int(reference)))
    if entry is None or entry.by != "bot":
        yield f"{row.where}: {reference} was never posted by us"
        return
    if row.erase and (row.address, int(reference)) in evidence.gone and row.state == "withdrawn":
        yield f"{row.where} claims {reference}, which is deleted"
    if code_of(row.notice.id) not in entry.text:
        yield f"{row.where}: {reference} shows something else: {entry.text[:60]!r}"
    shown = row.notice.revisions.get(row.shown or 0)
    titles = shown.titles if shown is not None else frozenset[str]()
    if first and row.state == "delivered" and not any(title in entry.text for title in titles):
        yield f"{row.where}: {reference} does not show revision {row.shown}: {entry.text[:60]!r}"
    taken_back = row.notice.withdrawn_at
    if row.state == "withdrawn" and taken_back is not None and (entry.did != "edited" or entry.at < taken_back):
        yield f"{row.where}: {reference} does not say that it is withdrawn"


def taken_away(evidence: Evidence) -> Iterator[str]:
    """Say what still stands of a notice that is to be deleted, and is not told of as what could not be."""
    for row in evidence.records.deliveries:
        if row.state != "withdrawn" or not row.erase or not row.is_told_of or _may_be_double(row):
            continue
        known = {int(reference) for reference in (*row.references, *row.items) if reference}
        for post in evidence.posts[row.id]:
            if left := set(evidence.stands(post)) - known:
                yield f"{row.where} is deleted, but {sorted(left)} still stands"


def _may_be_double(row: Delivery) -> bool:
    """Tell whether a doubt was repeated and arrived then: the first may stand there, too, as the policy accepts."""
    again = [each.started_at for each in row.attempts if each.action == POST and each.outcome == "delivered"]
    return row.notice.policy == "repeat" and any(at > doubt.started_at for at in again for doubt in row.doubts)
