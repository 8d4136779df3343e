# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What is asked of a person once more, so that whoever left a notice, or approved a text later, can have it pushed."""

import pytest

from app.outbox import redrive
from app.pushes import choose
from tests.wechat.sharing import PERSON, asked, several, titles
from tests.wechat.town import Town


@pytest.mark.parametrize("town", [PERSON], indirect=True)
async def test_what_a_person_left_and_then_redrove_is_asked_about_anew(town: Town) -> None:
    await town.channel()
    await several(town, "uno")
    await town.settles(within=60)
    (delivery,) = await asked(town)
    assert await choose(town.pool, delivery, "leave", "operator")
    left = await town.states()

    assert await redrive(town.pool, [delivery]) == 1
    await town.settles(within=60)
    again = await asked(town)
    chosen = await choose(town.pool, delivery, "send", "operator")
    await town.settles()

    assert (left, again, chosen) == (["dead"], [delivery], True)
    assert (await town.states(), titles(town)) == (["delivered"], [["uno"]])
