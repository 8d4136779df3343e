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
from app.api.admission import exceeded
from app.api.crowd import Rank
from app.api.edge import CALLER, CLIENT
from app.api.house import House
from app.api.problems import CHALLENGE, EITHER, EXCESS, SOURCE, TOLD
from app.api.signed import is_signed
from app.database import AWAY
from app.domain.errors import (
    ForbiddenError,
    InvalidHeaderError,
    UnauthenticatedError,
    UnavailableError,
)
from app.domain.key import Role, Scope
from app.domain.rate import Excess, Standing
from app.domain.spelling import checked_plain_text

LONGEST = 512
DOTS, EVIDENCE = 2, "Agid-JWT-TrackingEvidence"
"""A voucher is a token of three parts, and may be bound to what this header says."""
NO_REASON = "The escapes are of UTF-8, and what they say is one line of plain text."
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

    def __init__(self, *roles: Role, scopes: Sequence[Scope] = (), otherwise: str = "", hands_in: bool = False) -> None:
        """Any one of the scopes is enough; `otherwise` is the sentence for those who may not.

        `hands_in`: whether the request may pass is decided by the priority of what it brings (app.api.admission).
        """
        self.roles, self.scopes = roles, scopes
        self._otherwise, self._hands_in = otherwise, hands_in

    async def __call__(self, request: Request) -> Caller:
        """Look the key up, say who it is, or refuse: one answer for whatever is wrong with a key."""
        house: House = request.app.state.house
        caller = await _known(house, request)
        request.scope[CALLER], request.scope[SOURCE] = caller.key, caller.source or caller.role.value
        may = caller.role in self.roles and not caller.scopes.isdisjoint(self.scopes)
        if may and not self._hands_in:
            house.gate.turn_away(_rank(request))
        standing = await house.quotas.spend(caller)
        _tell(request, standing)
        if standing.wait is not None:
            if not (may and self._hands_in):
                raise exceeded(standing)
            request.scope[EXCESS] = Excess(standing)
            caller = replace(caller, excess=request.scope[EXCESS])
        if not may:
            raise ForbiddenError(self._otherwise)
        return caller


async def is_insider(request: Request) -> bool:
    """Tell whether an operator or a viewer asks, who may know what is the matter; a key that is sent must be good.

    While no key can be looked up, nobody is one.
    """
    if "authorization" not in request.headers:
        return False
    house: House = request.app.state.house
    try:
        caller = await _known(house, request)
        standing = await house.quotas.spend(caller)
    except (*AWAY, UnavailableError):
        return False
    request.scope[CALLER], request.scope[SOURCE] = caller.key, caller.source or caller.role.value
    _tell(request, standing)
    if standing.wait is not None:
        raise exceeded(standing)
    return caller.role in PERSONS


def _tell(request: Request, standing: Standing) -> None:
    request.scope[TOLD] += [(name.lower().encode(), text.encode()) for name, text in standing.headers]


async def _known(house: House, request: Request) -> Caller:
    """Look the key up; who comes with many wrong ones must wait, unless this one has been good before."""
    given = request.headers.getlist("authorization")
    scheme, _, key = given[0].partition(" ") if len(given) == 1 else ("", "", "")
    if not given:
        raise _unauthenticated(house, request)
    address = request.scope[CLIENT]
    if house.wrong_keys.wait(address) and not house.access.has_seen(key):
        house.wrong_keys.refuse_many(address)
    caller = await _held(house, request, scheme.lower(), key) if key else None
    if caller is None or (caller.signers and not await is_signed(house, caller, request)):
        house.wrong_keys.count(address)
        raise _unauthenticated(house, request)
    return caller


def forget_fallen(request: Request) -> str | None:
    """Treat a key that fell after it was looked up as a wrong one; gives its id, if there was one."""
    number: str | None = request.scope.pop(CALLER, None)
    if number is not None:
        house: House = request.app.state.house
        house.access.forget(number)
        house.wrong_keys.count(request.scope[CLIENT])
        _challenge(house, request)
        request.scope[TOLD][:] = [pair for pair in request.scope[TOLD] if not pair[0].startswith(b"ratelimit")]
    return number


async def _held(house: House, request: Request, scheme: str, key: str) -> Caller | None:
    """Say whose key this is, or whose voucher, where those are taken."""
    if house.vouchers is not None and key.count(".") == DOTS:
        evidence = ", ".join(request.headers.getlist(EVIDENCE)) if EVIDENCE in request.headers else None
        return await house.vouchers.caller(key, scheme, evidence, request.scope)
    if scheme != "bearer" or len(key) > LONGEST:
        return None
    return await house.access.caller(key, request.scope[CLIENT], request.scope)


def _unauthenticated(house: House, request: Request) -> UnauthenticatedError:
    _challenge(house, request)
    return UnauthenticatedError()


def _challenge(house: House, request: Request) -> None:
    """Say also how else to authenticate, where vouchers are taken."""
    if house.vouchers is not None:
        request.scope[CHALLENGE] = EITHER


def _rank(request: Request) -> Rank:
    """Tell a list or an export, which can wait, from all else."""
    name: str = request.scope["route"].name
    return Rank.LIST if name.startswith(("list_", "export_")) else Rank.NORMAL


class Acting(Allowed):
    """The same for what the audit log keeps: the caller comes with an address, and may say why."""

    async def __call__(self, request: Request, reason: Reason = None) -> Caller:
        caller = await super().__call__(request)
        return replace(caller, address=request.scope[CLIENT], why=_why(reason))


def _why(reason: str | None) -> str | None:
    """Read the percent escapes as UTF-8; what they hide must be a line of text as well."""
    try:
        return reason and checked_plain_text(unquote(reason, errors="strict"))
    except ValueError:
        place = {"parameter": "Campanella-Reason", "detail": NO_REASON, "rule": "form"}
        raise InvalidHeaderError(errors=[place]) from None


ONLY_SOURCES = "Only the key of a source may hand in notices; an operator makes one with POST /v1/sources."
PERSONS = (Role.OPERATOR, Role.VIEWER)
Insider = Annotated[bool, Depends(is_insider)]
Anyone = Annotated[Caller, Depends(Allowed(*Role, scopes=tuple(Scope)))]
Reader = Annotated[Caller, Depends(Allowed(*Role, scopes=[Scope.NOTICES_READ]))]
Source = Annotated[Caller, Depends(Allowed(Role.SOURCE, scopes=[Scope.NOTICES_WRITE], otherwise=ONLY_SOURCES))]
Sender = Annotated[
    Caller, Depends(Allowed(Role.SOURCE, scopes=[Scope.NOTICES_WRITE], otherwise=ONLY_SOURCES, hands_in=True))
]
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
