# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""CAP documents with one thing said, the rest ordinary; the children of an element in the order of the schema."""

from datetime import UTC, datetime, timedelta
from typing import Any
from xml.sax.saxutils import escape

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">'
FIRST = ["identifier", "sender", "sent", "status", "msgType", "source", "scope", "restriction", "addresses", "code"]
ALERT = [*FIRST, "note", "references", "incidents"]
GRADE = ["language", "category", "event", "responseType", "urgency", "severity", "certainty", "audience", "effective"]
INFO = [*GRADE, "onset", "expires", "senderName", "headline", "description", "instruction", "web", "contact"]
SENDER = "protezione-civile@regione.example.it"
SENT = f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%d}T13:05:00+01:00"
"""Yesterday: what is sent in the future is refused."""


def info(colour: str | None = "arancione", areas: Any = ("Bisenzio",), **members: Any) -> str:
    """Give an info; None leaves a member out."""
    ordinary: dict[str, Any] = {
        "language": "it-IT",
        "category": "Met",
        "event": "Temporali forti",
        "urgency": "Expected",
        "severity": "Severe",
        "certainty": "Likely",
        "expires": "2127-12-11T18:00:00+01:00",
        "headline": "Allerta per temporali forti",
    }
    said = {**ordinary, **members}
    colours = f"<parameter><valueName>colore</valueName><value>{colour}</value></parameter>" if colour else ""
    places = "".join(f"<area><areaDesc>{escape(area)}</areaDesc></area>" for area in areas)
    return f"<info>{_elements(INFO, said)}{colours}{places}</info>"


def cap(*infos: str, **members: Any) -> bytes:
    """Give a document with these infos, or an ordinary one."""
    ordinary: dict[str, Any] = {
        "identifier": "allerta-1",
        "sender": SENDER,
        "sent": SENT,
        "status": "Actual",
        "msgType": "Alert",
        "scope": "Public",
    }
    said = {**ordinary, **members}
    return f"{HEAD}{_elements(ALERT, said)}{''.join(infos or [info()])}</alert>".encode()


def reference(identifier: str, sent: str = SENT, sender: str = SENDER) -> str:
    return f"{sender},{identifier},{sent}"


def _elements(order: list[str], said: dict[str, str | None]) -> str:
    return "".join(f"<{name}>{escape(str(said[name]))}</{name}>" for name in order if said.get(name) is not None)
