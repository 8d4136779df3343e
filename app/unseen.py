# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Tokens that are good once: who comes first is decided in Postgres, for all processes."""

from datetime import datetime

from app.database import Pool

# Whoever comes at the same moment waits for the first to be stored, and then finds it there.
SEE = """
insert into token_seen (whose, jti, expires_at) values ($1, $2, $3) on conflict do nothing returning true
"""
LOCK = "select pg_advisory_xact_lock(hashtextextended($1, 0))::text"
OTHERS = "select exists (select from token_seen where whose = $1 and jti <> $2)"


async def is_first(pool: Pool, whose: str, jti: str, expires_at: datetime) -> bool:
    """Tell whether this token has not been seen, and remember it until nobody would take it for its age."""
    return await pool.fetchval(SEE, whose, jti, expires_at) is not None


async def belongs_to(pool: Pool, whose: str, to: str, expires_at: datetime) -> bool:
    """Tell whether something that is good beside one token alone comes beside no other, and remember beside which."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.fetchval(LOCK, whose)  # a statement of its own: the next one sees who came before
        if await connection.fetchval(OTHERS, whose, to):
            return False
        await connection.fetchval(SEE, whose, to, expires_at)
    return True
