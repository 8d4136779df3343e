# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The checker as a command: a table, and an exit code that scripts can trust."""

import asyncio
import subprocess
import sys
from dataclasses import replace
from itertools import count
from typing import Any
from uuid import UUID

import pytest

from app.approve import Consent, approve
from app.audit import Actor
from deploy.checker import check
from deploy.checker.__main__ import records_of
from deploy.checker.evidence import CODE, code_of
from tests.reliability.ground import Ground, until
from tests.reliability.processes import HERE

BOTH: dict[str, Any] = {"zh-Hans": {"title": "罢工"}, "it": {"title": "Sciopero"}}
FOR_NOTHING = {
    "approved": "insert into approval (notice_id, language, digest, revision, name, approved_by)"
    " select id, 'zh-Hans', 'x', 1, 'Mediatrice', 'key' from notice",
    "not asked for": "update service set approvals = '{}'",
    "without the text": "update delivery set awaits = 'ar' where awaits is not null",
}

EARLY = "update delivery set awaits = 'zh-Hans' from channel c where c.id = channel_id and c.slug = 'waits'"


async def judged(ground: Ground, *options: str) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "deploy.checker",
        "--database",
        ground.url,
        "--journal",
        str(ground.telegram.journal),
    ]
    return await asyncio.to_thread(
        subprocess.run, [*command, *options], cwd=HERE, capture_output=True, text=True, check=False
    )


async def test_a_kept_promise_is_exit_code_0_and_a_broken_one_is_named(ground: Ground) -> None:
    await ground.channel("scuola")
    await ground.accept()
    ground.workers.start()
    await ground.settles()

    kept = await judged(ground)
    await ground.pool.execute("""update delivery set posts = '[{"reference": "77", "digest": "x"}]'""")
    broken = await judged(ground)

    assert (kept.returncode, broken.returncode) == (0, 1)
    assert "accepted" in kept.stdout
    assert "77 was never posted by us" in broken.stdout.replace("\n", " ")


async def test_what_is_still_open_is_named_unless_that_is_allowed(ground: Ground) -> None:
    await ground.channel("scuola")
    await ground.accept()
    await ground.telegram.person(ground.chats["scuola"], "human-post", text="Auguri")

    assert (await judged(ground)).returncode == 1
    assert (await judged(ground, "--open")).returncode == 0


async def test_a_doubted_post_that_stands_although_it_is_called_deleted_is_noticed(ground: Ground) -> None:
    chat = await ground.channel("scuola")
    await ground.telegram.fault("answer_reset", chat)
    await ground.accept(in_doubt="hold")
    ground.workers.start()
    await ground.settles()
    held = await ground.verdict()

    await ground.pool.execute("update notice set policy = 'repeat', withdrawn_at = now()")
    await ground.pool.execute("update delivery set state = 'withdrawn', wanted = null, erase = true, intent = null")

    assert held == []
    assert ["is deleted, but" in str(each) for each in await ground.verdict()] == [True]


async def some_wait(ground: Ground) -> None:
    """Let a channel wait for its Chinese text, and another show the Italian meanwhile."""
    await ground.pool.execute("update service set approvals = '{zh}' where slug = 'mensa'")
    await ground.channel("scuola")
    await ground.channel("waits", language="zh-Hans")
    await ground.channel("interim", language="zh-Hans", interim=True)
    await ground.accept(texts=BOTH)
    ground.workers.start()

    async def the_others_are_through() -> bool:
        waiting = await ground.pool.fetchval("select count(*) from delivery where awaits is not null")
        return await ground.states() == {"delivered": 2, "due": 1} and waiting == 2

    await until(the_others_are_through)


@pytest.mark.parametrize("why", FOR_NOTHING)
async def test_what_waits_for_a_person_is_not_open_and_what_waits_for_nothing_is_lost(ground: Ground, why: str) -> None:
    await some_wait(ground)

    kept = await ground.verdict()
    await ground.pool.execute(FOR_NOTHING[why])
    lost = await ground.verdict()

    assert kept == []
    assert [violation.rule for violation in lost] == ["I8 nothing waits for an approval that was given"] * 2


async def test_a_text_that_is_shown_before_a_person_has_read_it_is_noticed(ground: Ground) -> None:
    await some_wait(ground)
    number = ground.accepted[0]
    async with ground.pool.acquire() as connection, connection.transaction():
        await approve(connection, number, Consent("zh-Hans", 1, "Mediatrice"), "key", Actor("admin"))
    ground.bell.ring()
    await until(lambda: all_show(ground))

    kept = await ground.verdict()
    await ground.pool.execute("delete from approval")
    await ground.pool.execute(EARLY)
    (early,) = await ground.verdict()

    assert kept == []
    assert early.rule == "I8 nothing is shown that nobody has approved"


async def all_show(ground: Ground) -> bool:
    left = await ground.pool.fetchval("select count(*) from delivery where state <> 'delivered' or awaits is not null")
    return bool(left == 0)


async def test_two_notices_of_a_channel_that_happen_to_have_one_code_are_told_apart(ground: Ground) -> None:
    """Of three thousand notices two have the same one in every sixth run."""
    await ground.channel("scuola")
    for title in ("Mensa chiusa", "Piscina aperta"):
        await ground.accept(texts={"it": {"title": title}}, in_doubt="repeat")
    ground.workers.start()
    await ground.settles()

    records, twins = await records_of(ground.url), dict(zip(ground.accepted, alike(), strict=True))
    notices = {twins[number]: replace(notice, id=twins[number]) for number, notice in records.notices.items()}
    rows = tuple(replace(row, notice=notices[twins[row.notice.id]]) for row in records.deliveries)
    code = code_of(next(iter(notices)))
    entries = [replace(entry, text=CODE.sub(code, entry.text)) for entry in ground.telegram.entries()]

    assert check(replace(records, notices=notices, deliveries=rows), entries) == []


def alike() -> tuple[UUID, UUID]:
    """Give two numbers of notices with one code."""
    seen: dict[str, UUID] = {}
    for number in map(UUID, (f"{each:032x}" for each in count(1))):
        if other := seen.get(code_of(number)):
            return other, number
        seen[code_of(number)] = number
    raise AssertionError
