# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""CAP 1.2 (Common Alerting Protocol), read strictly: what an authority says, in our types, before it is a notice."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.alerts.colour import Colour, colour_in
from app.alerts.grammar import ALERT, TIME, conform
from app.alerts.xml import Node, read
from app.domain.errors import InvalidNoticeError
from app.domain.instant import checked_moment

LARGEST = 512 * 1024
NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
TOLD = ("Alert", "Update", "Cancel")
COLOURED = re.compile(r"colou?r|colore|awareness[ _]level|livello|allerta|alert[ _]?level", re.IGNORECASE)
CHINESE = {"TW": "zh-Hant", "HK": "zh-Hant", "MO": "zh-Hant", "HANT": "zh-Hant"}


@dataclass(frozen=True, slots=True)
class Reference:
    """An earlier message, as a later one names it."""

    sender: str
    identifier: str
    sent: datetime


@dataclass(frozen=True, slots=True)
class Info:
    """What is said in one language."""

    language: str
    event: str
    severity: str
    responses: tuple[str, ...]
    begins: datetime | None
    expires: datetime | None
    sender_name: str
    headline: str
    description: str
    instruction: str
    web: str
    contact: str
    colour: Colour | None
    areas: tuple[str, ...]

    @property
    def clears(self) -> bool:
        """Whether it says that the danger is over: green, or no response but AllClear."""
        return self.colour is Colour.GREEN or set(self.responses) == {"AllClear"}


@dataclass(frozen=True, slots=True)
class Alert:
    """One message: about what, which earlier ones it changes, and what it says in each language."""

    identifier: str
    sender: str
    sent: datetime
    test: bool
    kind: str
    references: tuple[Reference, ...]
    infos: tuple[Info, ...]

    @property
    def clears(self) -> bool:
        return self.kind == "Cancel" or all(info.clears for info in self.infos)

    @property
    def subject(self) -> str:
        """What a green message must have in common with an open alert to end it: the event and the areas."""
        first = self.infos[0] if self.infos else None
        return "" if first is None else "|".join([first.event.casefold(), *sorted(first.areas)])


def parse(body: bytes) -> Alert:
    """Read a document. Raises MalformedBodyError for what is no XML, InvalidNoticeError for what breaks a rule."""
    node = read(body, NAMESPACE)
    if node.name != "alert":
        raise InvalidNoticeError("The document is not an alert.", pointer="#")
    conform(node, ALERT, "#/alert")
    alert = _alert(node)
    _refuse_untellable(alert, str(node.said("scope")))
    return alert


def _alert(node: Node) -> Alert:
    return Alert(
        identifier=str(node.said("identifier")),
        sender=str(node.said("sender")),
        sent=datetime.fromisoformat(str(node.said("sent")).strip()),
        test=node.said("status") != "Actual",
        kind=str(node.said("msgType")),
        references=tuple(_references(node.said("references") or "")),
        infos=tuple(_info(info, f"#/alert/info/{place}") for place, info in enumerate(node.all("info"))),
    )


def _refuse_untellable(alert: Alert, scope: str) -> None:
    """Refuse what follows the schema and is still nothing to be published."""
    if scope != "Public":
        raise InvalidNoticeError("Only what is for the public is published.", pointer="#/alert/scope")
    if alert.kind not in TOLD:
        raise InvalidNoticeError("Only Alert, Update and Cancel are published.", pointer="#/alert/msgType")
    if alert.kind != "Alert" and not alert.references:
        raise InvalidNoticeError("references is missing: which message is meant?", pointer="#/alert/references")
    if alert.kind != "Cancel" and not alert.infos:
        raise InvalidNoticeError("info is missing: nothing is said.", pointer="#/alert/info")
    if len({info.language for info in alert.infos}) != len(alert.infos):
        raise InvalidNoticeError("Two infos are of one language.", pointer="#/alert/info")


def _references(text: str) -> list[Reference]:
    return [_reference(each) for each in text.split()]


def _reference(text: str) -> Reference:
    parts = text.split(",")
    if len(parts) != 3 or not all(parts) or not TIME.fullmatch(parts[2]):  # noqa: PLR2004 - sender,identifier,sent
        raise InvalidNoticeError("references is a list of sender,identifier,sent.", pointer="#/alert/references")
    try:
        return Reference(parts[0], parts[1], checked_moment(datetime.fromisoformat(parts[2])))
    except ValueError:
        raise InvalidNoticeError("references names a time that cannot be.", pointer="#/alert/references") from None


def _info(node: Node, place: str) -> Info:
    begins, expires = _time(node.said("onset") or node.said("effective")), _time(node.said("expires"))
    if begins is not None and expires is not None and expires <= begins:
        raise InvalidNoticeError("expires is not after onset.", pointer=f"{place}/expires")
    return Info(
        language=tag(node.said("language") or "en-US", f"{place}/language"),
        event=line(str(node.said("event"))),
        severity=str(node.said("severity")),
        responses=tuple(each.text for each in node.all("responseType")),
        begins=begins,
        expires=expires,
        sender_name=line(node.said("senderName") or ""),
        headline=line(node.said("headline") or ""),
        description=lines(node.said("description") or ""),
        instruction=lines(node.said("instruction") or ""),
        web=(node.said("web") or "").strip(),
        contact=line(node.said("contact") or ""),
        colour=_colour(node.all("parameter")),
        areas=tuple(dict.fromkeys(line(str(area.said("areaDesc"))) for area in node.all("area"))),
    )


def _colour(parameters: Sequence[Node]) -> Colour | None:
    """Find the colour that the authority itself names; one is never guessed from how grave the event is."""
    values = [each.said("value") or "" for each in parameters if COLOURED.search(each.said("valueName") or "")]
    found = [colour for colour in map(colour_in, values) if colour is not None]
    return max(found, default=None)


def tag(language: str, place: str) -> str:
    """Give a language as our channels call it: zh-CN is zh-Hans, it-IT is it."""
    primary, *rest = language.strip().split("-")
    if not re.fullmatch(r"[A-Za-z]{2,3}", primary):
        raise InvalidNoticeError("language is not a language tag such as it-IT.", pointer=place)
    if primary.lower() != "zh":
        return primary.lower()
    return next((CHINESE[part.upper()] for part in rest if part.upper() in CHINESE), "zh-Hans")


def line(text: str) -> str:
    return " ".join(text.split())


def lines(text: str) -> str:
    """Keep the author's lines, without the indentation that comes from how the document is written."""
    return "\n".join(line(each) for each in text.strip().splitlines())


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text.strip())
