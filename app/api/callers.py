# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Names the caller of a request and refuses those whose role does not allow it."""

from dataclasses import replace
from typing import Annotated
from urllib.parse import unquote

from fastapi import Depends, Header
from starlette.requests import Request

from app.access import Caller
from app.api.edge import CALLER
from app.domain.errors import ForbiddenError, UnauthenticatedError
from app.domain.key import Role

LONGEST = 512
Reason = Annotated[
    str | None,
    Header(
        alias="Campanella-Reason",
        max_length=300,
        pattern=r"^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$",
        description="Why, for the audit log. Letters beyond ASCII as percent escapes of UTF-8.",
        examples=["richiesta 4711 del dirigente"],
    ),
]


class Allowed:
    """A dependency that gives the caller, if the role may do this; the document names the roles from it."""

    def __init__(self, *roles: Role, otherwise: str = "") -> None:
        """`otherwise` is the sentence for those who may not."""
        self.roles = roles
        self._otherwise = otherwise

    async def __call__(self, request: Request) -> Caller:
        """Look the key up, say who it is, or refuse: one answer for whatever is wrong with a key."""
        given = request.headers.getlist("authorization")
        scheme, _, key = given[0].partition(" ") if len(given) == 1 else ("", "", "")
        if scheme.lower() != "bearer" or not key or len(key) > LONGEST:
            raise UnauthenticatedError
        caller: Caller | None = await request.app.state.house.access.caller(key)
        if caller is None:
            raise UnauthenticatedError
        request.scope[CALLER] = caller.key
        if caller.role not in self.roles:
            raise ForbiddenError(self._otherwise)
        return caller


class Acting(Allowed):
    """The same for what the audit log keeps: the caller comes with an address, and may say why."""

    async def __call__(self, request: Request, reason: Reason = None) -> Caller:
        caller = await super().__call__(request)
        client = request.client
        return replace(caller, address=client.host if client else None, why=reason and unquote(reason))


ONLY_SOURCES = "Only the key of a source may hand in notices; an operator makes one with POST /v1/sources."
Anyone = Annotated[Caller, Depends(Allowed(*Role))]
Source = Annotated[Caller, Depends(Allowed(Role.SOURCE, otherwise=ONLY_SOURCES))]
Onlooker = Annotated[Caller, Depends(Allowed(Role.OPERATOR, Role.VIEWER))]
Operator = Annotated[Caller, Depends(Acting(Role.OPERATOR))]
