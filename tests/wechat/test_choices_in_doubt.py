# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Notices whose worker was killed before anything was sent, where a person chooses: they can be chosen all the same."""

import pytest

from tests.wechat.sharing import PERSON, asked, in_person, several, titles
from tests.wechat.test_sharing_in_doubt import killed_before_the_draft
from tests.wechat.town import Town

pytestmark = pytest.mark.parametrize("town", [PERSON], indirect=True)


async def test_what_was_claimed_and_asked_of_nobody_is_asked_about_and_can_be_chosen(town: Town) -> None:
    await town.channel()
    await several(town, "uno")
    await town.killed()
    killed = await town.states()

    await town.settles(within=60)
    waits, questions = await town.states(), await asked(town)
    await in_person(town, *questions)
    await town.settles()

    assert (killed, waits, len(questions)) == (["in_doubt"], ["due"], 1)
    assert titles(town) == [["uno"]]
    assert await town.states() == ["delivered"]


@pytest.mark.parametrize("refuses", ["draft/add", "message/mass/sendall"])
async def test_what_is_refused_together_after_a_worker_was_killed_can_all_be_chosen_again(
    town: Town, refuses: str
) -> None:
    await town.channel()
    await several(town, "uno", "due")
    await town.settles(within=60)
    await in_person(town, *await asked(town))
    await killed_before_the_draft(town)
    killed = await town.states()
    town.sandbox.fault(errcode=45002, method=refuses)
    await town.pool.execute("update delivery set due_at = now()")
    refused = await town.turn(), await town.states()

    await town.settles(within=60)
    waits, questions = await town.states(), await asked(town)
    await in_person(town, *questions)
    await town.settles(within=60)
    town.later(days=1)  # a push a day
    await town.day()

    assert (killed, refused) == (["in_doubt", "in_doubt"], (["Postponed"], ["due", "due"]))
    assert (waits, len(questions)) == (["due", "due"], 2)
    assert sorted(titles(town)) == [["due"], ["uno"]]
    assert await town.states() == ["delivered", "delivered"]
