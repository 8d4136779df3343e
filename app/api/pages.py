# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Lists in pages: a signed cursor names the last row that was shown, so nothing is shown twice or left out."""

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field

from app.api.problems import InvalidCursorError
from app.settings import Settings

VALID = 24 * 3600
SIGNATURE = 16
Row = TypeVar("Row")

Limit = Annotated[int, Field(ge=1, le=200, json_schema_extra={"format": "int32"}, description="Rows in one page.")]
Cursor = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9_-]+$",
        max_length=600,
        description="Where to go on: only ever taken from the `next` of the page before. Valid for 24 hours.",
    ),
]
Next = Annotated[
    Annotated[str, Field(max_length=4096, json_schema_extra={"format": "uri"})] | None,
    Field(description="The address of the next page, or null on the last one."),
]


class Paging(BaseModel):
    """The parameters of every list; a list with filters adds its own."""

    model_config = ConfigDict(extra="forbid")

    limit: Limit = 50
    cursor: Cursor | None = None

    @property
    def more(self) -> int:
        """Rows to ask for: one more than is shown tells whether there is a next page."""
        return self.limit + 1

    def filters(self) -> dict[str, str]:
        return self.model_dump(mode="json", exclude={"limit", "cursor"}, exclude_none=True)


class Pages:
    """One list of one installation: reads its cursors and writes its links."""

    def __init__(self, settings: Settings, path: str, paging: Paging) -> None:
        """`path` and the filters are part of the signature: a cursor fits only the list it came from."""
        self._public = str(settings.public_url).rstrip("/")
        self._path, self._paging = path, paging
        self._secret = hashlib.sha256(b"campanella cursor " + str(settings.database_url).encode()).digest()

    def after(self) -> list[Any] | None:
        """Give the place of the last row that was shown, or None at the beginning."""
        if self._paging.cursor is None:
            return None
        try:
            raw = base64.urlsafe_b64decode(self._paging.cursor + "=" * (-len(self._paging.cursor) % 4))
        except binascii.Error:
            raise InvalidCursorError from None
        body, signature = raw[:-SIGNATURE], raw[-SIGNATURE:]
        if not hmac.compare_digest(self._signed(body), signature):
            raise InvalidCursorError
        place: list[Any] = json.loads(body)
        if place.pop(0) < time.time():
            raise InvalidCursorError
        return place

    def cut(self, rows: Sequence[Row], place: Callable[[Row], Sequence[object]]) -> tuple[Sequence[Row], str | None]:
        """Keep one page of rows (one more was asked for), and link to the next if there is one."""
        shown = rows[: self._paging.limit]
        return shown, self._link(place(shown[-1])) if len(rows) > len(shown) else None

    def _link(self, place: Sequence[object]) -> str:
        body = json.dumps([int(time.time()) + VALID, *map(str, place)], separators=(",", ":")).encode()
        cursor = base64.urlsafe_b64encode(body + self._signed(body)).rstrip(b"=").decode()
        query = {**self._paging.filters(), "limit": self._paging.limit, "cursor": cursor}
        return f"{self._public}{self._path}?{urlencode(query)}"

    def _signed(self, body: bytes) -> bytes:
        purpose = json.dumps([self._path, self._paging.filters()], sort_keys=True).encode()
        return hmac.digest(self._secret, purpose + b"\n" + body, "sha256")[:SIGNATURE]
