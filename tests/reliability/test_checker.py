# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The checker as a command: a table, and an exit code that scripts can trust."""

import asyncio
import subprocess
import sys

from tests.reliability.ground import Ground
from tests.reliability.processes import HERE


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
