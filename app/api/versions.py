# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Which version somebody has seen: the tags of what is shown, the conditions of who reads and changes (RFC 9110).

The tag of a notice changes with all that is shown of it; a change is judged by the revision in it alone, so that
sending, which changes the counts, never stands in the way of a correction.
"""

import hashlib
import re
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Depends, Header
from starlette.requests import Request
from starlette.responses import Response

from app.api.paper import CACHED
from app.api.problems import TOLD
from app.domain.errors import InvalidHeaderError, PreconditionFailedError, PreconditionRequiredError

TAG = r'(?:W/)?"[\x21\x23-\x7e]*"'
TAGS = rf"^(\*|{TAG}([ \t]*,[ \t]*{TAG}){{0,49}})$"
REVISION = re.compile(r'"(?:r([1-9][0-9]{0,8})-[0-9a-f]+|([1-9][0-9]{0,8}))"')
"""A strong tag of ours. Until version 1 of this form a tag was the revision alone; such a one still serves."""
IF_MATCH, IF_NONE_MATCH = "If-Match", "If-None-Match"
LONGEST = 1000
SHAPE: dict[str, Any] = {"maxLength": LONGEST, "pattern": TAGS}
IfMatch = Annotated[
    str | None,
    Header(
        alias=IF_MATCH,
        description="The ETag of the notice as it was read, or several; `*` for whatever it is now.",
        json_schema_extra=SHAPE,
        examples=["*"],
    ),
]
IfNoneMatch = Annotated[
    str | None,
    Header(
        alias=IF_NONE_MATCH,
        description="The ETag of a copy that is at hand, or several: where one still holds, the answer is 304.",
        json_schema_extra=SHAPE,
        examples=['"r1-0123456789abcdef"'],
    ),
]
IfNoneThere = Annotated[
    str | None,
    Header(
        alias=IF_NONE_MATCH,
        description="`*`: only make it; where it is there already the answer is 412.",
        json_schema_extra={"enum": ["*"]},
        examples=["*"],
    ),
]


def strong(revision: int, shown: bytes) -> str:
    """Give the tag of a notice in one revision, as it is shown."""
    return f'"r{revision}-{_digest(shown)}"'


def weak(shown: bytes) -> str:
    """Give the tag of a list; the address of the next page is left out, since it says when it was made."""
    items, _, following = shown.rpartition(b'"next":')
    return f'W/"{_digest(items + following[:4])}"'


def cached(request: Request, response: Response, tag: str) -> Response:
    """Answer with what may be kept for as long as it is asked for again, or 304 where the caller has it."""
    headers = {"ETag": tag, "Cache-Control": CACHED}
    given = _tags(request, IF_NONE_MATCH)
    if "*" in given or tag in [one.removeprefix("W/") for one in given]:
        return Response(status_code=304, headers=headers)
    response.headers.update(headers)
    return response


class Seen:
    """The version that somebody who changes a notice has seen."""

    def __init__(self, request: Request) -> None:
        """Read If-Match. Raises PreconditionRequiredError without one, InvalidHeaderError when it is none."""
        self._told = request.scope[TOLD]
        self._given = _tags(request, IF_MATCH)
        if not self._given:
            raise PreconditionRequiredError

    def expected(self, present: int) -> int | None:
        """Give the revision that is changed (None: any). Raises PreconditionFailedError where another is there."""
        if self._given == ["*"]:
            return None
        found = [REVISION.fullmatch(tag) for tag in self._given]
        if present not in [int(one[1] or one[2]) for one in found if one]:
            raise PreconditionFailedError(revision=present)
        return present

    def tell(self, tag: str) -> None:
        """Say with whatever is answered which version is there now."""
        self._told.append((b"etag", tag.encode()))


async def _seen(request: Request, _given: IfMatch = None) -> Seen:
    return Seen(request)


Condition = Annotated[Seen, Depends(_seen)]


def wants_none(request: Request) -> bool:
    """Tell whether something may only be made, not changed."""
    given = _tags(request, IF_NONE_MATCH)
    if given and given != ["*"]:
        raise _wrong(IF_NONE_MATCH, "Only `*` can be asked for here.")
    return bool(given)


def _tags(request: Request, name: str) -> Sequence[str]:
    """Read a list of tags, in one line or in several."""
    lines = request.headers.getlist(name)
    if not lines:
        return []
    text = ", ".join(lines).strip()
    if len(text) > LONGEST or not re.fullmatch(TAGS, text):
        raise _wrong(name, 'Send tags as they were told, such as "r1-0123456789abcdef", or `*`.')
    return ["*"] if text == "*" else re.findall(TAG, text)


def _wrong(name: str, detail: str) -> InvalidHeaderError:
    return InvalidHeaderError(detail, errors=[{"parameter": name, "detail": detail, "rule": "invalid"}])


def _digest(shown: bytes) -> str:
    return hashlib.sha256(shown).hexdigest()[:16]
