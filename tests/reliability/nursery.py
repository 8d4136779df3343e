# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Forks processes of the product from one that has every library imported: what was killed is back in 0.2 seconds.

Each line on standard input is an order in JSON: the module to run, its arguments, the checkout its code comes from, its
environment, its log. The answer is the process's number. When the input ends, so do they all.
"""

import contextlib
import importlib
import json
import os
import runpy
import signal
import sys
import traceback
from typing import Any

LIBRARIES = (
    "aiogram.client.session.aiohttp",
    "aiogram.methods",
    "aiohttp.web",
    "alembic.script",
    "arq.worker",
    "asyncpg",
    "babel.dates",
    "fastapi",
    "markdown_it",
    "prometheus_client",
    "pydantic_settings",
    "regex",
    "rfc8785",
    "sqlmodel.ext.asyncio.session",
    "structlog",
    "typer",
    "uvicorn",
    "uvloop",
)


def nurse() -> None:
    for library in LIBRARIES:
        importlib.import_module(library)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries the dead
    children: list[int] = []
    for line in sys.stdin:
        children.append(born(json.loads(line)))
        sys.stdout.write(f"{children[-1]}\n")
        sys.stdout.flush()
    for child in children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


def born(order: dict[str, Any]) -> int:
    number = os.fork()
    if number:
        return number
    try:
        live(order)
    except SystemExit as end:
        os._exit(end.code if isinstance(end.code, int) else 0)
    except BaseException:  # noqa: BLE001 - it must not go on as a second nursery
        traceback.print_exc()
    os._exit(1)


def live(order: dict[str, Any]) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.chdir(order["code"])
    sys.path.insert(0, order["code"])
    os.environ.update(order["environment"])
    sys.argv = [order["module"], *order["arguments"]]
    runpy.run_module(order["module"], run_name="__main__")


if __name__ == "__main__":
    nurse()
