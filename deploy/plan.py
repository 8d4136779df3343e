# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What ./dev starts, and where: our own servers and sandbox wherever the environment names no others."""

import base64
import os
import secrets
import string
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from deploy import programs
from deploy.binaries import Provider
from deploy.processes import Program, free_port
from deploy.server import Server
from deploy.servers import postgres_server, redis_server
from deploy.state import CHECKOUT, State

MOST_WORKERS = 32
FRESH = "demo"


class SettingError(Exception):
    """What was asked for cannot be; the text names the setting."""


@dataclass(kw_only=True)
class Plan:
    """The programs of one run, and the environment that they share."""

    state: State
    environment: dict[str, str]
    host: str
    port: int
    how_many_workers: int
    database: str
    fresh: bool = False
    postgres: Server | None = None
    servers: list[Program] = field(default_factory=list)
    sandbox: Program | None = None
    sandbox_url: str | None = None
    wechat: Program | None = None
    wechat_url: str | None = None
    receiver: Program | None = None
    receiver_url: str = ""
    new_admin_key: str | None = None

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def api(self) -> Program:
        return programs.api(self.environment, self.host, self.port)

    def workers(self) -> list[Program]:
        return programs.workers(self.environment, self.how_many_workers)

    def migrate(self) -> Program:
        return programs.migrate(self.environment)

    def add_servers(self, provider: Provider) -> None:
        """Plan the servers that the environment does not name."""
        if not self.environment.get("CAMPANELLA_DATABASE_URL"):
            self.postgres = postgres_server(self.state.root, provider, durable=True)
            self.servers.append(self.postgres.program)
            self.environment["CAMPANELLA_DATABASE_URL"] = self.postgres.url(self.database)
        if not self.environment.get("CAMPANELLA_REDIS_URL"):
            redis, _ = redis_server(self.state.root, provider, durable=True)
            self.servers.append(redis.program)
            self.environment["CAMPANELLA_REDIS_URL"] = redis.url(0)

    def add_sandbox(self) -> None:
        """Plan the sandbox, unless the environment names a Bot API server or a bot."""
        names = ("CAMPANELLA_TELEGRAM_API_URL", "CAMPANELLA_TELEGRAM_TOKEN")
        if any(self.environment.get(name) for name in names):
            return
        port = free_port(self.port + 1)
        self.sandbox_url = f"http://127.0.0.1:{port}"
        token = self.state.secret("telegram-token", lambda: f"123456789:SANDBOX-{secrets.token_urlsafe(20)}")
        self.sandbox = programs.sandbox(self.environment, port, token, self.state.root / "sandbox.journal")
        self.environment |= dict(zip(names, (self.sandbox_url, token), strict=True))

    def add_wechat(self) -> None:
        """Plan the sandbox of WeChat, unless the environment names an account."""
        if self.environment.get("CAMPANELLA_WECHAT_APP_ID"):
            return
        port = free_port(self.port + 2)
        self.wechat_url = f"http://127.0.0.1:{port}"
        letters = string.ascii_letters + string.digits
        self.environment |= {
            "CAMPANELLA_WECHAT_APP_ID": "wx0000000000sandbox",
            "CAMPANELLA_WECHAT_SECRET": self.state.secret("wechat-secret", lambda: f"SANDBOX-{secrets.token_hex(16)}"),
            "CAMPANELLA_WECHAT_API_URL": self.wechat_url,
            "CAMPANELLA_WECHAT_POLL": "2",
            "CAMPANELLA_WECHAT_CALLBACK_TOKEN": self.state.secret("wechat-token", lambda: secrets.token_hex(16)),
            "CAMPANELLA_WECHAT_CALLBACK_AES_KEY": self.state.secret(
                "wechat-aes-key", lambda: "".join(secrets.choice(letters) for _ in range(42)) + "A"
            ),
        }
        journal = self.state.root / "sandbox-wechat.journal"
        self.wechat = programs.wechat(self.environment, port, f"{self.api_url}/callbacks/wechat", journal)

    def add_receiver(self) -> None:
        """Plan a receiver of webhooks, which the workers may call though it is here, and a key for secrets."""
        port = free_port(self.port + 3)
        self.receiver_url = f"http://127.0.0.1:{port}"
        self.receiver = programs.receiver(self.environment, port)
        also = self.environment.get("CAMPANELLA_FETCH_EXCEPTIONS", "")
        self.environment["CAMPANELLA_FETCH_EXCEPTIONS"] = ",".join(filter(None, (also, f"127.0.0.1:{port}")))
        if not self.environment.get("CAMPANELLA_SECRET_KEYS"):
            key = self.state.secret("secret-keys", lambda: base64.b64encode(secrets.token_bytes(32)).decode())
            self.environment["CAMPANELLA_SECRET_KEYS"] = key

    def stand_ins(self) -> list[Program]:
        """List what stands in for the world here."""
        return [each for each in (self.sandbox, self.wechat, self.receiver) if each]

    def add_admin_key(self) -> None:
        """Give the installation an operator key: that of the environment, or one of our own."""
        if not self.environment.get("CAMPANELLA_ADMIN_KEY"):
            is_new = not self.state.knows("admin-key")
            key = self.state.secret("admin-key", lambda: secrets.token_urlsafe(32))
            self.environment["CAMPANELLA_ADMIN_KEY"] = key
            self.environment.setdefault("CAMPANELLA_ADMIN_KEY_STAYS", "true")
            self.new_admin_key = key if is_new else None


def plan(state: State, provider: Provider, host: str, port: int, *, fresh: bool) -> Plan:
    """Decide what runs here, from the environment; a fresh plan leaves what earlier runs have stored alone."""
    if free_port(port) != port:
        raise SettingError(f"Port {port} is in use here: choose another with --port.")
    environment = {"PYTHONUNBUFFERED": "1", "CAMPANELLA_PUBLIC_URL": f"http://127.0.0.1:{port}", **os.environ}
    environment["PYTHONPATH"] = str(CHECKOUT)
    made = Plan(
        state=state,
        environment=environment,
        host=host,
        port=port,
        how_many_workers=_how_many_workers(environment),
        database=f"{FRESH}_{time.time_ns():x}" if fresh else "campanella",
        fresh=fresh,
    )
    made.add_servers(provider)
    made.add_sandbox()
    made.add_wechat()
    made.add_receiver()
    made.add_admin_key()
    return made


def _how_many_workers(environment: Mapping[str, str]) -> int:
    value = environment.get("CAMPANELLA_WORKERS") or "1"
    if not value.isdecimal() or int(value) > MOST_WORKERS:
        raise SettingError(f"CAMPANELLA_WORKERS must be a number from 0 to {MOST_WORKERS}, not {value!r}.")
    return int(value)
