# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Postgres and Redis elsewhere, over TLS: the certificate and the name in it are looked at, or nothing is said."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import asyncpg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic_core import Url
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import text

from app.database import Database
from app.doorbell import over_tls, redis_settings
from app.migrate import migrate
from app.settings import Settings

Open = Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]
ASKS_FOR_TLS = 8
"""Bytes by which a client asks Postgres for TLS."""


@dataclass(frozen=True)
class Paper:
    """A certificate of an own authority for a name, as files."""

    path: Path

    def server(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path)
        return context


def paper(folder: Path, name: x509.GeneralName) -> Paper:
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Prova")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(who, who, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([name]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / f"{x509.random_serial_number()}.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    return Paper(path)


async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError, asyncio.CancelledError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def in_front(port: int, shown: Paper, *, asked_for: bool) -> AsyncIterator[int]:
    """Speak TLS in front of a server that does not; `asked_for`: as Postgres does, when the client asks for it."""

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if asked_for:
                await reader.readexactly(ASKS_FOR_TLS)
                writer.write(b"S")
                await writer.drain()
                await writer.start_tls(shown.server())
            behind = await asyncio.open_connection("127.0.0.1", port)
        except (OSError, asyncio.IncompleteReadError):
            writer.close()
            return
        await asyncio.gather(pipe(reader, behind[1]), pipe(behind[0], writer))

    server = await asyncio.start_server(meet, "127.0.0.1", 0, ssl=None if asked_for else shown.server())
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def at(url: str, port: int, more: str) -> str:
    """Give the same URL at another port."""
    found = Url(url)
    return url.replace(f":{found.port}", f":{port}", 1) + more


async def reached(ask: Callable[[], Awaitable[object]]) -> object:
    """Ask, and again where a busy machine has not connected in time."""
    async with asyncio.timeout(60):
        while True:
            with suppress(TimeoutError, ConnectionError):
                return await ask()


OURS, ANOTHERS = x509.IPAddress(ip_address("127.0.0.1")), x509.DNSName("altrove.example")


async def test_migrations_and_both_pools_reach_a_postgres_that_is_known_by_its_certificate(
    tmp_path: Path, database_url: str
) -> None:
    shown = paper(tmp_path, OURS)
    port = Url(database_url).port or 0
    async with in_front(port, shown, asked_for=True) as outside:
        url = at(database_url, outside, f"?sslmode=verify-full&sslrootcert={shown.path}")
        settings = Settings(database_url=Url(url), redis_url=Url("redis://127.0.0.1"))
        await reached(lambda: migrate(settings))
        database = await Database.open(settings)

        async def ask() -> object:
            async with database.sessions() as session:
                return (await (await session.connection()).execute(text("select 1"))).scalar()

        by_session, by_pool = await reached(ask), await reached(lambda: database.pool.fetchval("select 1"))
        await database.close()

    assert (by_session, by_pool) == (1, 1)


@pytest.mark.parametrize("wrong", ["another name", "another authority", "no TLS at all"])
async def test_a_postgres_that_is_not_the_one_is_not_spoken_to(tmp_path: Path, database_url: str, wrong: str) -> None:
    shown = paper(tmp_path, ANOTHERS if wrong == "another name" else OURS)
    trusted = paper(tmp_path, OURS) if wrong == "another authority" else shown
    port = Url(database_url).port or 0
    async with in_front(port, shown, asked_for=True) as outside:
        where = port if wrong == "no TLS at all" else outside
        url = at(database_url, where, f"?sslmode=verify-full&sslrootcert={trusted.path}")
        database = await Database.open(Settings(database_url=Url(url), redis_url=Url("redis://127.0.0.1")))
        with pytest.raises((OSError, asyncpg.PostgresError, asyncpg.InterfaceError)):
            await database.pool.fetchval("select 1")
        with pytest.raises((OSError, asyncpg.PostgresError, asyncpg.InterfaceError)):
            async with database.sessions() as session:
                await session.connection()
        await database.close()


@pytest.mark.parametrize(("name", "good"), [(OURS, True), (ANOTHERS, False)], ids=["its own name", "another name"])
async def test_a_redis_elsewhere_is_known_by_the_name_in_its_certificate(
    tmp_path: Path, redis_url: str, name: x509.GeneralName, *, good: bool
) -> None:
    shown = paper(tmp_path, name)
    async with in_front(Url(redis_url).port or 0, shown, asked_for=False) as outside:
        url = at(redis_url, outside, "").replace("redis:", "rediss:", 1)
        client = Redis.from_url(url, ssl_ca_certs=str(shown.path), **over_tls(url))
        try:
            answered = await client.ping()
        except (RedisError, OSError):
            answered = False
        await client.aclose()

    assert answered is good


def test_the_doorbell_looks_at_the_name_over_tls_and_at_nothing_without() -> None:
    settings = redis_settings("rediss://:secret@redis.example:6380/0")

    assert (settings.ssl, settings.ssl_cert_reqs, settings.ssl_check_hostname) == (True, "required", True)
    assert redis_settings("redis://127.0.0.1").ssl is False
    assert over_tls("redis://127.0.0.1") == {}
