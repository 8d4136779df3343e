# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Other people post and pin between our own posts: theirs is never changed, ours never doubled."""

from collections.abc import Sequence

import pytest

from tests.reliability.ground import Ground, until


async def people_post(ground: Ground, chat: int, deeds: Sequence[str]) -> None:
    """Let people post and pin; `delete` takes away the latest of theirs, or what a pin left in the chat."""
    latest = 1
    for number, deed in enumerate(deeds):
        match deed:
            case "post":
                latest = await ground.telegram.person(chat, "human-post", text=f"Auguri {number}")
            case "pin":
                latest = await ground.telegram.person(chat, "pin", message_id=1)
            case "delete":
                await ground.telegram.person(chat, "human-delete", message_id=latest)


async def in_doubt(ground: Ground) -> bool:
    return "in_doubt" in await ground.states()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([], ["post", "pin", "post"]),
        (["post", "pin"], []),
        (["pin"], ["post"]),
        (["post", "post", "delete"], []),
        (["post", "pin", "delete"], ["post"]),
    ],
    ids=repr,
)
async def test_a_doubted_post_is_found_among_other_peoples(ground: Ground, before: list[str], after: list[str]) -> None:
    chat = await ground.channel("scuola", can_ask=True)
    await people_post(ground, chat, before)
    await ground.telegram.fault("answer_reset", chat)
    await ground.accept(in_doubt="hold")

    ground.workers.start()
    await until(lambda: in_doubt(ground))
    await people_post(ground, chat, after)
    await ground.settles()

    assert await ground.states() == {"delivered": 1}
    assert len(ground.telegram.posts()) == 1
    assert await ground.verdict() == []


@pytest.mark.parametrize(("strangers", "state", "posts"), [(0, "delivered", 1), (1, "delivered", 1), (2, "held", 0)])
async def test_what_is_not_found_is_posted_unless_too_many_strangers_stand_there(
    ground: Ground, strangers: int, state: str, posts: int
) -> None:
    chat = await ground.channel("scuola", can_ask=True)
    await ground.telegram.fault("reset_before_accepting", chat)
    await ground.accept(in_doubt="hold")

    ground.workers.start()
    await until(lambda: in_doubt(ground))
    await people_post(ground, chat, ["post"] * strangers)
    await ground.settles()

    assert await ground.states() == {state: 1}
    assert len(ground.telegram.posts()) == posts
    assert await ground.verdict() == []


@pytest.mark.parametrize("fault", ["answer_reset", "reset_before_accepting"])
async def test_asking_for_a_doubted_post_never_touches_an_urgent_one_that_came_meanwhile(
    ground: Ground, fault: str
) -> None:
    chat = await ground.channel("scuola", can_ask=True)
    await ground.telegram.fault(fault, chat)
    await ground.accept(in_doubt="hold", texts={"it": {"title": "Menu della settimana"}})

    ground.workers.start()
    await until(lambda: in_doubt(ground))
    await ground.accept(priority="urgent", texts={"it": {"title": "Scuole chiuse"}})
    await ground.settles()

    assert await ground.states() == {"delivered": 2}
    assert len(ground.telegram.posts()) == 2
    assert await ground.verdict() == []
