# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The receiver's page: what arrived, the newest first, without script."""

import json
from collections.abc import Iterator
from html import escape
from zoneinfo import ZoneInfo

from deploy.receiver.inbox import Inbox, Told

ZONE = ZoneInfo("Europe/Rome")
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
KINDS = {"notice.published": "nuovo", "notice.corrected": "corretto", "notice.withdrawn": "ritirato"}
TOP = """<!doctype html>
<html lang="it">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Campanella · ricevitore webhook</title>
<link rel="stylesheet" href="/page.css">
</head>
<body>
<header><h1>Campanella <small>ricevitore webhook</small></h1></header>
<main>
"""
BOTTOM = "</main>\n</body>\n</html>\n"


def page(inbox: Inbox) -> str:
    """Write the whole page."""
    return TOP + "\n".join(_content(inbox)) + BOTTOM


def _content(inbox: Inbox) -> Iterator[str]:
    counts = inbox.counts
    yield (
        f"<p>{counts['taken']} eventi con firma valida, {counts['repeated']} ripetuti, "
        f"{counts['refused']} rifiutati (firma mancante o sbagliata). "
        '<a href="/">Aggiorna</a></p>'
    )
    if not inbox.told:
        yield "<p>Ancora nessun evento.</p>"
        return
    yield "<ol>"
    yield from map(_row, reversed(inbox.told.values()))
    yield "</ol>"


def _row(told: Told) -> str:
    title, language = escape(str(told.data.get("title", ""))), escape(str(told.data.get("language", "it")))
    kind = escape(KINDS.get(told.kind, told.kind))
    body = escape(json.dumps(told.data, ensure_ascii=False, indent=2))
    at = told.at.astimezone(ZONE).strftime("%H.%M.%S")
    return (
        f'<li><p><b>{kind}</b> <strong lang="{language}">{title}</strong></p>'
        f"<p>{at} · firma valida · <code>{escape(told.id)}</code></p>"
        f"<details><summary>Contenuto</summary><pre>{body}</pre></details></li>"
    )
