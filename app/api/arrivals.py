# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What POST /notices takes: one row for each media type, which says how a body is received and how it is shown."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from app.access import Caller
from app.api.cloudevent_headers import is_announced
from app.api.house import House
from app.api.keeper import Keeper
from app.api.problems import ACCEPTS
from app.api.reading import LARGEST, media_type_of, whole
from app.domain.errors import UnsupportedMediaTypeError

NO_DATA = (
    "The data of an event is one notice in application/json; without the ce- headers this can be sent here as it is."
)
Schema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Arrival:
    """A body as it came: within its size, in UTF-8 as far as it says; nothing else is checked yet.

    `keeper` keeps the answer under the caller's Idempotency-Key, where there is one.
    """

    medium: "Medium"
    body: bytes
    request: Request
    keeper: Keeper | None = None


Receive = Callable[[House, Caller, Arrival], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Medium:
    """One media type: who receives its body, its largest size in bytes, and what the document says of it.

    `shape` is a model, or a schema as it stands in the document; `components` are the schemas that it refers to.
    `says_priority`: nothing in it is urgent unless it says the word. `beside`: headers of an event may stand beside it.
    """

    media_type: str
    receive: Receive
    shape: type[BaseModel] | Schema
    examples: Mapping[str, Any]
    largest: int = LARGEST
    components: Mapping[str, Schema] = field(default_factory=dict)
    says_priority: bool = False
    beside: bool = False

    @property
    def schema(self) -> Schema:
        """The schema as the document refers to it."""
        if isinstance(self.shape, dict):
            return self.shape
        return {"$ref": f"#/components/schemas/{self.shape.__name__}"}


class Arrivals:
    """A dependency that gives what has arrived; the document of the API is made from the same rows."""

    def __init__(self, *media: Medium) -> None:
        """Take the rows in the order in which the document shows them."""
        self.media = {medium.media_type: medium for medium in media}

    async def __call__(self, request: Request) -> Arrival:
        """Find the row, then read the body, or say what is taken here."""
        request.scope[ACCEPTS] = self.media
        medium = self.media.get(media_type_of(request))
        if medium is None:
            raise UnsupportedMediaTypeError(f"Send the body as one of: {', '.join(self.media)}.")
        if not medium.beside and is_announced(request.headers.raw):
            raise UnsupportedMediaTypeError(NO_DATA)
        return Arrival(medium, await whole(request, medium.largest), request)
