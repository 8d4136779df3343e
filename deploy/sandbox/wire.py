# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Breaking connections: reset, close, hang, half a body."""

import asyncio
import socket
import struct
from contextlib import suppress

from aiohttp import web

from deploy.sandbox.faults import FaultKind
from deploy.sandbox.replies import Reply

RESETS = {FaultKind.RESET_BEFORE_READING, FaultKind.RESET_BEFORE_ACCEPTING, FaultKind.ANSWER_RESET}
HANGS = {FaultKind.HANG_BEFORE_ACCEPTING, FaultKind.ANSWER_HUNG}
LOOK_EVERY = 0.05
NO_LINGER = struct.pack("ii", 1, 0)


def is_gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


def reset(request: web.Request) -> None:
    """Break the connection with a reset instead of an orderly end."""
    if request.transport is None:
        return
    connection = request.transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
    request.transport.abort()


def close(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.close()


async def hang(request: web.Request, stopping: asyncio.Event) -> None:
    """Say nothing until the client goes away or the sandbox ends."""
    while not is_gone(request) and not stopping.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), LOOK_EVERY)
    close(request)


async def break_off(kind: FaultKind, request: web.Request, stopping: asyncio.Event) -> web.StreamResponse:
    """End the exchange without an answer; what is returned reaches nobody."""
    if kind in HANGS:
        await hang(request, stopping)
    elif kind in RESETS:
        reset(request)
    else:
        close(request)
    return web.Response()


async def cut(request: web.Request, reply: Reply) -> web.StreamResponse:
    """Promise the whole body and send half of it."""
    response = web.StreamResponse(status=reply.status, headers={"Content-Length": str(len(reply.body))})
    response.content_type = reply.content_type
    await response.prepare(request)
    await response.write(reply.body[: len(reply.body) // 2])
    close(request)
    return response
