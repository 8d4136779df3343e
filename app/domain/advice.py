# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What an editor would say of a notice before it goes out: advice with its place, never a change."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import regex

from app.domain.advice_words import WORDS
from app.domain.blocks import runs_of, text_of
from app.domain.dates import wrong_dates
from app.domain.hosts import host_of, hosts_in, is_disguised, is_mixed, same_house
from app.domain.markup import parse
from app.domain.notice import EXERCISE, Kind, Notice, Text
from app.domain.personal import certain, likely, places

REFUSED = frozenset({"equal_text", "event_known", "fiscal_code", "foreign_link", "iban", "quota_used_up"})
"""What a notice is not accepted with."""
TITLE, SUMMARY, BODY = (10, 120), 140, (80, 10_000)
_CAPITALS = regex.compile(r"(?<![\p{L}\p{N}-])(?:\p{Lu}{5,}|\p{Lu}{2,}(?:['’ ]\p{Lu}{2,}){2,})(?![\p{L}\p{N}-])")
_ACRONYMS = frozenset({"INVALSI", "UNICEF", "PAGOPA", "ISTAT", "ARPAT", "ANAAO", "COBAS", "INAIL"})
_STOP = regex.compile(r"(?<![.…])[.。]\Z")
_HALF_WIDTH = regex.compile(r"\p{Han} ?[,;:!?(]|[)] ?\p{Han}|\p{Han}\.(?!\w)")
_IT_ALERT = regex.compile(r"\bIT[ -]?alert\b", regex.IGNORECASE)
_MENTION = regex.compile(r"(?<![\S])(?:@\w{4,32}\b|/[a-z][a-z0-9_]{1,31}\b(?!/))")
_HAN = regex.compile(r"\p{Han}")


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing to look at; `refused`: the notice would not be accepted with it."""

    rule: str
    pointer: str

    @property
    def refused(self) -> bool:
        return self.rule in REFUSED

    @property
    def words(self) -> tuple[str, str]:
        """In Italian and in English."""
        return WORDS[self.rule]


def advise(
    notice: Notice, now: datetime, zone: str, own_accounts: Collection[str] = (), official: Collection[str] = ()
) -> list[Advice]:
    """Say what to look at, in the order of the notice; `official` are the hosts of which one should be linked to."""
    today = (notice.valid_from or now).astimezone(ZoneInfo(zone)).date()
    found = [
        *_of_times(notice, now),
        *(advice for language, text in notice.texts.items() for advice in _of_text(language, text, today)),
        *_of_links(notice, official),
        *_of_people(notice, own_accounts),
    ]
    return list(dict.fromkeys(found))


def _of_times(notice: Notice, now: datetime) -> Iterator[Advice]:
    if notice.expires_at is not None and notice.expires_at <= now:
        yield Advice("expiry_past", "#/expires_at")
    if notice.valid_until is not None and notice.valid_until <= now:
        yield Advice("validity_past", "#/valid_until")
    if notice.kind is Kind.DISRUPTION and notice.expires_at is None:
        yield Advice("expiry_missing", "#/expires_at")


def _of_text(language: str, text: Text, today: date) -> Iterator[Advice]:
    here = f"#/texts/{language}"
    body = text_of(parse(text.body)) if text.body else ""
    said = {"title": text.title.removeprefix(EXERCISE), "summary": text.summary or "", "body": body}
    said |= {f"what_to_do/{number}": step for number, step in enumerate(text.what_to_do)}
    for name, words in said.items():
        yield from (Advice(rule, f"{here}/{name}") for rule in wrong_dates(words, language, today))
        yield from (Advice(rule, f"{here}/{name}") for rule in _of_words(words, language))
    yield from (Advice(rule, f"{here}/{name}") for name, rule in _of_lengths(said["title"], text, body))


def _of_words(words: str, language: str) -> Iterator[str]:
    if any(found[0] not in _ACRONYMS for found in _CAPITALS.finditer(words)):
        yield "capitals"
    if _IT_ALERT.search(words):
        yield "it_alert"
    if _MENTION.search(words):
        yield "mention"
    if language.startswith("zh") and _HALF_WIDTH.search(words):
        yield "chinese_punctuation"


def _of_lengths(title: str, text: Text, body: str) -> Iterator[tuple[str, str]]:
    if _STOP.search(title):
        yield "title", "title_full_stop"
    if len(title) < TITLE[0] and not _HAN.search(title):
        yield "title", "title_short"
    if len(title) > TITLE[1]:
        yield "title", "title_long"
    if len(text.summary or "") > SUMMARY:
        yield "summary", "summary_long"
    if (rule := _of_body(body)) is not None:
        yield "body", rule


def _of_body(body: str) -> str | None:
    if not body:
        return "body_missing"
    least = BODY[0] // 4 if _HAN.search(body) else BODY[0]
    if len(body) < least:
        return "body_short"
    return "body_long" if len(body) > BODY[1] else None


def _of_links(notice: Notice, official: Collection[str]) -> Iterator[Advice]:
    leading = list(linked(notice))
    hosts = [host_of(href) for _, _, href in leading]
    if not any(not official or any(same_house(each, host) for each in official) for host in hosts):
        yield Advice("official_link_missing", "#/links")
    for (pointer, title, _), host in zip(leading, hosts, strict=True):
        if any(not same_house(each, host) for each in hosts_in(title)):
            yield Advice("link_text_differs", pointer)
    disguised = (pointer for pointer, text in places(notice) if any(map(_seems_other, hosts_in(text))))
    yield from (Advice("mixed_script_host", pointer) for pointer in disguised)


def linked(notice: Notice) -> Iterator[tuple[str, str, str]]:
    """Every link with its place, what is shown of it, and where it leads."""
    yield from ((f"#/links/{number}", link.title, link.href) for number, link in enumerate(notice.links))
    for language, text in notice.texts.items():
        runs = runs_of(parse(text.body)) if text.body else ()
        yield from ((f"#/texts/{language}/body", run.text, run.link) for run in runs if run.link is not None)


def _seems_other(host: str) -> bool:
    return is_mixed(host) or is_disguised(host)


def _of_people(notice: Notice, own_accounts: Collection[str]) -> Iterator[Advice]:
    for pointer, text in places(notice):
        yield from (Advice(rule, pointer) for rule in (*certain(text, own_accounts), *likely(text)))
