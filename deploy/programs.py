# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The product's own programs and the sandbox, as commands to be kept running."""

import http.client
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from deploy.processes import Program, at_once, free_port

DRAIN = 40.0
FIRST_WORKER_PORT = 9091
LIMITS = {
    "--per-second": ("CAMPANELLA_TELEGRAM_PER_SECOND", "30"),
    "--chat-per-second": ("CAMPANELLA_TELEGRAM_CHAT_PER_SECOND", "1"),
    "--group-per-minute": ("CAMPANELLA_TELEGRAM_GROUP_PER_MINUTE", "20"),
}
"""What the sandbox allows is what the workers believe to be allowed."""


def migrate(environment: Mapping[str, str]) -> Program:
    return _module("migrate", ["app.cli", "migrate"], environment)


def api(environment: Mapping[str, str], host: str, port: int) -> Program:
    words = ["app.cli", "api", "--host", host, "--port", str(port)]
    return _module("api", words, environment, is_ready=partial(_answers, port, "/readyz"))


def workers(environment: Mapping[str, str], how_many: int) -> list[Program]:
    """List the worker processes, each with a port of its own for its figures."""
    first = int(environment.get("CAMPANELLA_WORKER_PORT", FIRST_WORKER_PORT))
    return [
        _module(f"worker-{number}", ["workers"], {**environment, "CAMPANELLA_WORKER_PORT": str(port)})
        for number, port in enumerate((free_port(first + index) for index in range(how_many)), start=1)
    ]


def sandbox(environment: Mapping[str, str], port: int, token: str, journal: Path) -> Program:
    words = ["deploy.sandbox", "--port", str(port), "--token", token, "--journal", str(journal)]
    for option, (setting, default) in LIMITS.items():
        words += [option, environment.get(setting, default)]
    return _module("sandbox", words, environment, is_ready=partial(_answers, port, "/"))


def wechat(environment: Mapping[str, str], port: int, callback: str, journal: Path) -> Program:
    """The sandbox of WeChat, for the account that the environment names; it tells its events to the API."""
    options = {
        "--port": str(port),
        "--name": "家庭与学校 Prova",
        "--app-id": environment["CAMPANELLA_WECHAT_APP_ID"],
        "--secret": environment["CAMPANELLA_WECHAT_SECRET"],
        "--callback": callback,
        "--callback-token": environment["CAMPANELLA_WECHAT_CALLBACK_TOKEN"],
        "--callback-aes-key": environment["CAMPANELLA_WECHAT_CALLBACK_AES_KEY"],
        "--journal": str(journal),
    }
    words = ["deploy.sandbox_wechat", *(word for pair in options.items() for word in pair)]
    return _module("sandbox-wechat", words, environment, is_ready=partial(_answers, port, "/"))


def receiver(environment: Mapping[str, str], port: int) -> Program:
    """A system of the municipality that is told by webhook."""
    words = ["deploy.receiver", "--port", str(port)]
    return _module("receiver", words, environment, is_ready=partial(_answers, port, "/"))


def _module(
    name: str, words: list[str], environment: Mapping[str, str], *, is_ready: Callable[[], bool] = at_once
) -> Program:
    return Program(
        name=name,
        command=[sys.executable, "-m", *words],
        environment=environment,
        grace=DRAIN,
        bad_setting=2,
        is_ready=is_ready,
    )


def _answers(port: int, path: str) -> bool:
    """Tell whether a GET is answered with 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
