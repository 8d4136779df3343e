# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Several notices in one transaction: all or none, or those that are good; and whatever else belongs to them."""

from collections.abc import Mapping, Sequence

from app.database import Connection, Pool, distrust
from app.domain.errors import CampanellaError, UnauthenticatedError, UnavailableError, UnknownServiceError
from app.intake import CHANGING, COMMIT_UNKNOWN, EPOCHS, Answer, found, homeless, stored_or_found
from app.routing import Routing, Snapshot
from app.storing import Wish


class Around:
    """What else belongs into the transaction in which notices are stored.

    lenient: those that are refused (known with other content, or about no known service) do not hold the others up.
    """

    lenient = False

    async def before(self, connection: Connection) -> None:
        """Do what comes first; whatever it raises stores nothing."""

    async def after(self, connection: Connection, answers: Mapping[int, Answer]) -> None:
        """Do what belongs to the answers, before they are true."""


class _RefusedError(Exception):
    """Rolls a transaction back; what was refused is said in `answers`, nothing where the channels have changed."""

    def __init__(self, answers: dict[int, Answer]) -> None:
        self.answers = answers


async def accept_together(pool: Pool, routing: Routing, wishes: Sequence[Wish], around: Around) -> dict[int, Answer]:
    """Store the notices in one transaction, with an answer for each by its place.

    If any is refused, none is stored, and only those that were refused are answered; unless `around` is lenient.
    Raises UnauthenticatedError, with nothing stored, when the key they came with stands no more.
    """
    numbered = dict(enumerate(wishes))
    refused: dict[int, Answer] = {}
    snapshot = routing.snapshot
    for _ in range(EPOCHS):
        if not homeless(numbered, snapshot):
            answers = await _in_one_transaction(pool, snapshot, numbered, around, refused)
            if answers:
                return answers
        snapshot = await routing.refresh(pool)
        lost = homeless(numbered, snapshot)
        refused |= {place: UnknownServiceError(pointer="#/service") for place in lost}
        if lost and not around.lenient:
            return refused
        numbered = {place: wish for place, wish in numbered.items() if place not in lost}
    raise UnavailableError(CHANGING)


async def _in_one_transaction(
    pool: Pool, snapshot: Snapshot, wishes: Mapping[int, Wish], around: Around, refused: dict[int, Answer]
) -> dict[int, Answer]:
    try:
        async with pool.acquire() as connection, connection.transaction():
            await around.before(connection)
            stored = await stored_or_found(connection, snapshot, wishes)
            answers = _complete(stored, wishes, around) | refused
            await around.after(connection, answers)
    except _RefusedError as refusal:
        return refusal.answers
    except COMMIT_UNKNOWN as error:
        await distrust(pool, error)
        return await _looked_up(pool, wishes) | refused
    return answers


async def _looked_up(pool: Pool, wishes: Mapping[int, Wish]) -> dict[int, Answer]:
    """Say what became of a commit that nobody answered: all notices are there, or the caller sends them again."""
    answers = await found(pool, wishes)
    for answer in answers.values():
        if isinstance(answer, UnavailableError):
            raise answer
    return answers


def _complete(answers: dict[int, Answer], wishes: Mapping[int, Wish], around: Around) -> dict[int, Answer]:
    """Give the answers if they may stand, or undo what was stored."""
    if len(answers) < len(wishes):
        raise _RefusedError({})
    refused = {place: answer for place, answer in answers.items() if isinstance(answer, CampanellaError)}
    for answer in refused.values():
        if isinstance(answer, UnauthenticatedError):
            raise answer
    if refused and not around.lenient:
        raise _RefusedError(dict(refused))
    return answers
