# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""An operator who takes the commands of a backup and of a restore from the runbook, word for word.

Only what compose stands for is put in their place: whose Postgres it is, and where the programs lie.
"""

import asyncio
import os
import re
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from yarl import URL

from app.grants import API
from deploy.processes import is_running
from tests.database.test_roles import url_of
from tests.reliability.ground import until
from tests.reliability.processes import Nursery, Processes
from tests.repository.files import read

CHAPTER = read("deploy/runbook.md").partition("\n## Backup and restore\n")[2].partition("\n## ")[0]
BLOCKS = re.findall(r"```sh\n(.*?)```", CHAPTER, re.DOTALL)
NOTHING = Path(os.devnull)
COMPOSE, OURS, THEIRS = "campanella-compose", "app", re.compile(r"(--(?:username|owner)=)\w+")


@dataclass(frozen=True)
class Operator:
    """`url`: the database; `programs`: the directory of those of Postgres; `place`: where the backup is put."""

    nursery: Nursery
    url: str
    redis: str
    programs: Path
    place: Path

    async def backs_up(self) -> None:
        await self._does(BLOCKS[0])

    async def restores(self) -> None:
        """Put the backup in the place of the database."""
        await self._does(BLOCKS[1])

    async def holds_back(self) -> str:
        """Do what comes before the workers start again; give what the last command said."""
        return await self._does(BLOCKS[2])

    async def holds_all_back(self) -> str:
        """Do what comes before the workers start again where the sources have repeated what was lost."""
        return await self._does(BLOCKS[3])

    async def _does(self, block: str) -> str:
        said = ""
        for line in block.splitlines():
            said = await self._line(shlex.split(line, comments=True)) or said
        return said

    async def _line(self, words: Sequence[str]) -> str:
        assert words[0] == COMPOSE
        match words[1:]:
            case ["stop", *_] | ["up", "--detach", *_]:
                return ""  # that is the test's own
            case ["exec", "-T", "postgres", program, *arguments]:
                await self._in_postgres(program, arguments)
                return ""
            case ["run", "--rm", "migrate"]:
                said = await self._campanella(["migrate"], self.url)
                assert "The database is at the newest form." in said, said
                return said
            case ["run", "--rm", "api", "campanella", *command]:
                return await self._campanella(command, url_of(API, self.url))
        raise AssertionError(f"nobody here knows how to do this: {shlex.join(words)}")

    async def _campanella(self, command: Sequence[str], url: str) -> str:
        """Run a command in a process of its own, and give what it said."""
        log = self.place / "command.log"
        log.unlink(missing_ok=True)
        environment = {"CAMPANELLA_DATABASE_URL": url, "CAMPANELLA_REDIS_URL": self.redis}
        process = Processes(self.nursery, environment, log, command=("app.cli", *command)).start()
        await until(partial(has_ended, process.running[0]))
        return log.read_text("utf-8")

    async def _in_postgres(self, program: str, arguments: Sequence[str]) -> None:
        """Run a program of Postgres, with the backup as its input or its output."""
        at, backup = URL(self.url), self.place / "campanella.dump"
        known = {"campanella": at.name, "--dbname=campanella": f"--dbname={at.name}"}
        words = [THEIRS.sub(rf"\g<1>{OURS}", known.get(word, word)) for word in arguments]
        given, kept = NOTHING, NOTHING
        match words[-2:]:
            case [">", backup.name]:
                words, kept = words[:-2], backup
            case ["<", backup.name]:
                words, given = words[:-2], backup
        where = {"PGHOST": str(at.host), "PGPORT": str(at.port), "PGPASSWORD": str(at.password)}
        await asyncio.to_thread(ran, [str(self.programs / program), *words], where, given, kept)


def ran(command: Sequence[str], where: Mapping[str, str], given: Path, kept: Path) -> None:
    """Run a program of Postgres to its end; whatever it complains of would stop an operator, too."""
    with given.open("rb") as before, kept.open("wb") as after:
        done = subprocess.run(
            command, env={**os.environ, **where}, stdin=before, stdout=after, stderr=subprocess.PIPE, check=False
        )
    assert (done.returncode, done.stderr) == (0, b""), f"{command[0]}: {done.stderr.decode()}"


async def has_ended(pid: int) -> bool:
    """Tell whether a process of the nursery has ended, which buries its dead at once."""
    return not is_running(pid)
