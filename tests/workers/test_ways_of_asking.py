# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""With an operations chat: who may not edit what is not ours asks by an edit, and does not wait for that chat."""

import pytest

from deploy.sandbox.faults import FaultKind
from tests.workers.conftest import CHAT, City, until
from tests.workers.test_asking import FORWARD, KNOWN, askable, forwards
from tests.workers.test_broken_albums import THREE, city, settled
from tests.workers.test_checking import QUESTION, answered
from tests.workers.test_media import attached
from tests.workers.trap import Trap

__all__ = ["city"]

pytestmark = pytest.mark.parametrize("city", [FORWARD], indirect=True)

SHUT = "insert into pace (kind, slowdown, free_at) values ('telegram operations', 1, now() + interval '1 hour')"
CAN_ASK = "select answer ->> 'can_ask' from channel_check"
QUESTIONS = "select count(*) from attempt where action in ('probe', 'edit')"
WRITES = ("forwardMessage", "editMessageText", "editMessageCaption", "editMessageMedia", "editMessageReplyMarkup")


async def test_doubts_of_many_channels_wait_for_no_operations_chat(city: City) -> None:
    """A worker was killed amid a bulk: some posts stand there, some never came, and each question is its channel's."""
    await city.pool.execute(SHUT)
    channels = [CHAT - number for number in range(8)]
    for chat in channels:
        fault = FaultKind.ANSWER_RESET if chat % 2 else FaultKind.RESET_BEFORE_ACCEPTING
        await city.channel(f"classe{-chat}", chat, can_ask=True)
        city.sandbox.faults.add(fault, method="sendMessage", chat=chat)
    await city.pool.execute(KNOWN)

    await city.accepts(in_doubt="hold")
    await settled(city)

    assert [len(city.posts(chat)) for chat in channels] == [1] * len(channels)


async def test_a_question_is_one_write_as_the_pace_counts_it(city: City, trap: Trap) -> None:
    """A picture without words, of which a forward does not say whose it is."""
    await askable(city)
    city.sandbox.faults.add(FaultKind.BROKEN_ALBUM, method="sendMediaGroup", chat=CHAT, lost=[0])

    await city.accepts(attachments=attached(trap, *THREE))
    await settled(city)

    writes = [entry for entry in city.sandbox.journal if entry.method in WRITES]
    assert len(writes) == await city.pool.fetchval(QUESTIONS)


async def test_a_bot_that_may_edit_others_asks_by_forwards(city: City) -> None:
    await askable(city)
    city.sandbox.set_rights(CHAT, {"can_edit_messages": True})
    city.sandbox.faults.add(FaultKind.ANSWER_RESET, method="sendMessage")

    await city.accepts(in_doubt="hold")
    await settled(city)

    assert (len(city.posts()), len(forwards(city.sandbox))) == (1, 1)


@pytest.mark.parametrize(("mighty", "way"), [(False, "editMessageText"), (True, "forwardMessage")])
async def test_a_check_proves_the_way_in_which_will_be_asked(city: City, way: str, *, mighty: bool) -> None:
    await city.channel()
    city.sandbox.set_rights(CHAT, {"can_edit_messages": mighty})
    await city.pool.execute(QUESTION, str(CHAT))
    city.bell.ring()
    await until(lambda: answered(city), within=90)

    ways = {entry.method for entry in city.sandbox.journal if entry.method in WRITES}
    assert (await city.pool.fetchval(CAN_ASK), ways) == ("true", {way})
