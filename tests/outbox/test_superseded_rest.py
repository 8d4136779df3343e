# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What was begun and is superseded before all of it was posted is not finished after that: what stands is struck."""

from collections.abc import Sequence
from dataclasses import replace

from app.database import Pool
from app.domain.delivery import Action, Part
from app.domain.outcome import Delivered, Doubted, Outcome, Refused
from app.outbox import ChannelKind, Owed, claim
from app.outbox.record import OPEN
from tests.given import a_channel, accepted
from tests.outbox.conftest import TURN, deliveries, plain, plainly, recorded
from tests.outbox.test_amend import corrected
from tests.outbox.test_superseded import AT_ONCE, NEWER, OLDER


def in_two(owed: Owed) -> Sequence[Part]:
    """Show the same in two posts; one notice in one."""
    (part,) = plainly(owed)
    second = Part(f"{part.digest}-2", part.payload)
    return [part] if owed.notice.event_id == "new" else [part, second]


def grown(owed: Owed) -> Sequence[Part]:
    """Show a first revision in one post, and a correction in two."""
    return in_two(owed) if owed.revision > 1 else plainly(owed)


TWO = replace(plain(), render=in_two)
GROWS = replace(plain(), render=grown)


async def goes_out(
    pool: Pool, outcome: Outcome | None = None, kind: ChannelKind = TWO
) -> tuple[str, Action, int] | None:
    """Carry out what comes first, and say what that is; None where nothing goes out."""
    await pool.execute(AT_ONCE)
    for call in (await claim(pool, kind, replace(TURN, most=1))).calls:
        post = Delivered((f"{call.owed.id}{call.intent.number}",))
        await recorded(pool, call, outcome or (post if call.intent.action is Action.POST else Delivered()))
        return call.owed.notice.event_id, call.intent.action, call.intent.number
    return None


async def begun(pool: Pool, outcome: Outcome | None = None) -> None:
    """Post the first of two posts of a notice, try the second where an outcome is given, and have it superseded."""
    await a_channel(pool)
    await accepted(pool, **OLDER)
    assert await goes_out(pool) == ("old", Action.POST, 0)
    if outcome is not None:
        assert await goes_out(pool, outcome) == ("old", Action.POST, 1)


async def test_the_rest_of_what_is_superseded_is_not_posted_and_what_stands_of_it_is_struck(pool: Pool) -> None:
    await begun(pool)
    await accepted(pool, **NEWER)

    assert await goes_out(pool) == ("new", Action.POST, 0)
    assert await goes_out(pool) == ("old", Action.EDIT, 0)
    assert await goes_out(pool) is None

    assert [row["state"] for row in await deliveries(pool)] == ["withdrawn", "delivered"]


async def test_the_rest_goes_out_as_long_as_what_supersedes_it_has_not(pool: Pool) -> None:
    await begun(pool)
    await accepted(pool, **NEWER)

    assert await goes_out(pool, Refused("too long")) == ("new", Action.POST, 0)
    assert [await goes_out(pool) for _ in range(2)] == [("old", Action.POST, 1), None]


async def test_a_correction_that_grows_is_posted_whole_as_ever(pool: Pool) -> None:
    """What is new of it stands below what supersedes it: a correction reaches those who read the first, whole."""
    await a_channel(pool)
    old = await accepted(pool, **OLDER)
    assert await goes_out(pool, kind=GROWS) == ("old", Action.POST, 0)
    await accepted(pool, **NEWER)
    assert await goes_out(pool, kind=GROWS) == ("new", Action.POST, 0)
    await corrected(pool, old.id, "old", priority="bulk")

    calls = [await goes_out(pool, kind=GROWS) for _ in range(3)]

    assert calls == [("old", Action.EDIT, 0), ("old", Action.POST, 1), None]
    assert [row["state"] for row in await deliveries(pool)] == ["delivered", "delivered"]


async def test_whether_more_of_it_stands_after_a_doubt_is_a_persons(pool: Pool) -> None:
    await begun(pool, Doubted("no answer"))
    await accepted(pool, **NEWER)

    calls = [await goes_out(pool) for _ in range(3)]

    assert calls == [("new", Action.POST, 0), None, ("old", Action.EDIT, 0)]
    old, _ = await deliveries(pool)
    assert (old["state"], old["last_error"]) == ("held", OPEN)
