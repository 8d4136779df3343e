# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Names the caller of a request and refuses those whose role does not allow it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated
from urllib.parse import unquote

from fastapi import Depends, Header
from starlette.requests import Request

from app.access import Caller
from app.api.edge import CALLER
from app.domain.errors import ForbiddenError, UnauthenticatedError
from app.domain.key import Role, Scope

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
    """A dependency that gives the caller, if the key may do this; the document names roles and scopes from it."""

    def __init__(self, *roles: Role, scopes: Sequence[Scope] = (), otherwise: str = "") -> None:
        """Any one of the scopes is enough; `otherwise` is the sentence for those who may not."""
        self.roles, self.scopes = roles, scopes
        self._otherwise = otherwise

    async def __call__(self, request: Request) -> Caller:
        """Look the key up, say who it is, or refuse: one answer for whatever is wrong with a key."""
        given = request.headers.getlist("authorization")
        scheme, _, key = given[0].partition(" ") if len(given) == 1 else ("", "", "")
        if scheme.lower() != "bearer" or not key or len(key) > LONGEST:
            raise UnauthenticatedError
        caller: Caller | None = await request.app.state.house.access.caller(key, _address(request))
        if caller is None:
            raise UnauthenticatedError
        request.scope[CALLER] = caller.key
        if caller.role not in self.roles or not caller.scopes.intersection(self.scopes):
            raise ForbiddenError(self._otherwise)
        return caller


class Acting(Allowed):
    """The same for what the audit log keeps: the caller comes with an address, and may say why."""

    async def __call__(self, request: Request, reason: Reason = None) -> Caller:
        caller = await super().__call__(request)
        return replace(caller, address=_address(request), why=reason and unquote(reason))


def _address(request: Request) -> str | None:
    client = request.client
    return client.host if client else None


ONLY_SOURCES = "Only the key of a source may hand in notices; an operator makes one with POST /v1/sources."
PERSONS = (Role.OPERATOR, Role.VIEWER)
Anyone = Annotated[Caller, Depends(Allowed(*Role, scopes=tuple(Scope)))]
Reader = Annotated[Caller, Depends(Allowed(*Role, scopes=[Scope.NOTICES_READ]))]
Source = Annotated[Caller, Depends(Allowed(Role.SOURCE, scopes=[Scope.NOTICES_WRITE], otherwise=ONLY_SOURCES))]
Owner = Annotated[Caller, Depends(Acting(Role.SOURCE, Role.OPERATOR, scopes=[Scope.NOTICES_WRITE]))]
Onlooker = Annotated[Caller, Depends(Allowed(*PERSONS, scopes=[Scope.NOTICES_READ]))]
Auditor = Annotated[Caller, Depends(Allowed(*PERSONS, scopes=[Scope.AUDIT_READ]))]
ChannelOnlooker = Annotated[Caller, Depends(Allowed(*PERSONS, scopes=[Scope.NOTICES_READ, Scope.CHANNELS_ADMIN]))]
SourceOnlooker = Annotated[Caller, Depends(Allowed(*PERSONS, scopes=[Scope.AUDIT_READ, Scope.SOURCES_ADMIN]))]
LetterOnlooker = Annotated[Caller, Depends(Allowed(*PERSONS, scopes=[Scope.NOTICES_READ, Scope.REDRIVE]))]
ChannelAdmin = Annotated[Caller, Depends(Acting(Role.OPERATOR, scopes=[Scope.CHANNELS_ADMIN]))]
SourceAdmin = Annotated[Caller, Depends(Acting(Role.OPERATOR, scopes=[Scope.SOURCES_ADMIN]))]
Redriver = Annotated[Caller, Depends(Acting(Role.OPERATOR, scopes=[Scope.REDRIVE]))]
Operator = SourceAdmin
"""For what belongs to no other scope."""
