# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""R-13: a notice on which every worker dies is set aside after five, and its neighbours go out."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from app.domain.backoff import CRASHES
from deploy.processes import is_running
from tests.given import a_channel, accepted
from tests.reliability.ground import OPEN, until
from tests.reliability.poison import BITTER, KIND, PAPER, POISON
from tests.reliability.processes import Nursery, Processes

NEIGHBOURS = 6
# What only takes time need not be waited for: the rest after a doubt, and the lease of a worker that is certainly dead.
RESTED = "update delivery set due_at = now() where due_at > now()"
LAPSED = "update delivery set lease_until = now() - interval '1 second' where lease_until is not null"
SILENT = "update worker set seen_at = now() - interval '4 seconds' where seen_at > now() - interval '4 seconds'"
ENDS = """select case state when 'dead' then state || ': ' || last_error else state end as "end" from delivery"""


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    return tmp_path / "paper.txt"


@pytest.fixture
def workers(nursery: Nursery, database_url: str, redis_url: str, tmp_path: Path, paper: Path) -> Iterator[Processes]:
    environment = {
        "CAMPANELLA_DATABASE_URL": database_url,
        "CAMPANELLA_REDIS_URL": redis_url,
        "CAMPANELLA_WORKER_PORT": "0",
        PAPER: str(paper),
    }
    made = Processes(nursery, environment, tmp_path / "workers.log", command=("tests.reliability.poison",))
    yield made
    made.close()


# While it is rendered the first death is counted by nobody: no worker has ended without a word before it.
@pytest.mark.parametrize(("poison", "deaths"), [(POISON, CRASHES), (BITTER, CRASHES + 1)])
async def test_a_notice_that_kills_every_worker_is_set_aside_and_its_neighbours_go_out(
    workers: Processes, database_url: str, paper: Path, poison: str, deaths: int
) -> None:
    async with asyncpg.create_pool(database_url, min_size=0) as pool:
        for number in range(NEIGHBOURS):
            await a_channel(pool, f"c{number}", kind=KIND, services=["mensa"])
        await a_channel(pool, "poisoned", kind=KIND, services=["mensa", "trasporto"])
        await accepted(pool, service="trasporto", in_doubt="repeat", texts={"it": {"title": poison}})
        await accepted(pool, in_doubt="repeat", texts={"it": {"title": "Mensa"}})

        async def all_has_ended() -> bool:
            if not any(map(is_running, workers.running)):
                await pool.execute(LAPSED)
                await pool.execute(SILENT)
                workers.start()
            await pool.execute(RESTED)
            return not await pool.fetchval(OPEN)

        await until(all_has_ended)
        ends = Counter(row["end"] for row in await pool.fetch(ENDS))

    told = Counter(written(paper))
    assert ends == {"dead: 5 attempts ended without any outcome": 1, "delivered": NEIGHBOURS + 1}
    assert told.pop(f"poisoned {poison}") == deaths
    assert told == dict.fromkeys(["poisoned Mensa", *(f"c{number} Mensa" for number in range(NEIGHBOURS))], 1)


def written(paper: Path) -> list[str]:
    return paper.read_text("utf-8").splitlines()
