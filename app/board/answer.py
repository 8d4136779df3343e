# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What every answer of the board has: validators, how long it may be kept, and a policy that lets nothing in."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

from starlette.requests import Request
from starlette.responses import Response

KEPT = "public, max-age=30, must-revalidate"
UNCHANGING = "public, max-age=31536000, immutable"
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
YOUNG = timedelta(seconds=5)
"""A page that changed so lately may change again within the second that its date can name."""
STARTED = datetime.now(UTC)
"""Pages may look different since this process began: it may be another version."""


@dataclass(frozen=True, slots=True)
class Document:
    """Something the board answers with. `modified`: when it last changed; `now`: by the same clock."""

    body: bytes
    media_type: str
    modified: datetime
    now: datetime

    @property
    def etag(self) -> str:
        return f'"{hashlib.sha256(self.body).hexdigest()[:32]}"'


def answered(request: Request, document: Document) -> Response:
    """Answer with a document, or with 304 where the reader has it already."""
    modified = max(document.modified, STARTED).replace(microsecond=0)
    # A second is the finest that this date can say: of two changes in one second the first must not seem the last.
    told = min(modified, document.now - YOUNG)
    headers = {
        "ETag": document.etag,
        "Last-Modified": format_datetime(told.astimezone(UTC), usegmt=True),
        "Cache-Control": KEPT,
        "Content-Security-Policy": POLICY,
    }
    if _has_it(request, document.etag, modified):
        return Response(status_code=304, headers=headers)
    return Response(document.body, headers=headers, media_type=document.media_type)


def _has_it(request: Request, etag: str, modified: datetime) -> bool:
    """RFC 9110: where both conditions are given, only If-None-Match counts."""
    given = request.headers.getlist("if-none-match")
    if given:
        tags = [tag.strip().removeprefix("W/") for tag in ",".join(given).split(",")]
        return "*" in tags or etag in tags
    since = _moment(request.headers.get("if-modified-since"))
    return since is not None and modified <= since


def _moment(date: str | None) -> datetime | None:
    if date is None:
        return None
    try:
        moment = parsedate_to_datetime(date)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
