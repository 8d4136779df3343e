# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Tokens that are good once: who comes first is decided in Postgres, for all processes."""

from datetime import datetime

from app.database import Pool

# Whoever comes at the same moment waits for the first to be stored, and then finds it there.
SEE = """
insert into token_seen (whose, jti, expires_at) values ($1, $2, $3) on conflict do nothing returning true
"""


async def is_first(pool: Pool, whose: str, jti: str, expires_at: datetime) -> bool:
    """Tell whether this token has not been seen, and remember it until nobody would take it for its age."""
    return await pool.fetchval(SEE, whose, jti, expires_at) is not None
