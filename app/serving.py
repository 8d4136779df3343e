# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Serves the API with uvicorn, and leaves in good order: first said, then done."""

import asyncio
import signal
import socket
from types import FrameType

import uvicorn

from app.garbage import look_seldom
from app.health import Health
from app.main import create_app
from app.settings import Settings
from app.wire import Protocol

NOTICE = 1.0
"""Seconds between saying that no new request should come (/readyz) and refusing them."""
PATIENCE = 20
"""Seconds that requests under way are given."""
ACCEPTED_AT_ONCE = 32
"""Connections that are accepted in one round of the event loop."""


class Leaving(uvicorn.Server):
    """A server that answers "not ready" for a moment before it stops listening."""

    def __init__(self, config: uvicorn.Config, health: Health) -> None:
        """Take what must be told first."""
        super().__init__(config)
        self._health = health

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Drain first; a second signal, or Ctrl-C at a terminal, ends it at once."""
        if self._health.draining or sig == signal.SIGINT:
            super().handle_exit(sig, frame)
            return
        self._health.drain()
        asyncio.get_running_loop().call_later(NOTICE, super().handle_exit, sig, frame)


def serve(settings: Settings, host: str, port: int) -> None:
    """Serve until told to stop."""
    health = Health(settings)
    config = uvicorn.Config(
        create_app(settings, health),
        host=host,
        port=port,
        loop="uvloop",
        http=Protocol,
        ws="none",
        log_config=None,
        access_log=False,  # our own line says more
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=PATIENCE,
        timeout_keep_alive=75,
    )
    look_seldom()
    Leaving(config, health).run(_sockets(config))


def _sockets(config: uvicorn.Config) -> list[socket.socket]:
    """Listen on one port by several handles: of each the event loop accepts one connection in a round.

    With one handle alone connections would wait for rounds, each of which takes long while there is much to do.
    """
    listening = config.bind_socket()
    return [listening, *(listening.dup() for _ in range(ACCEPTED_AT_ONCE - 1))]
