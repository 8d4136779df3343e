# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Forgets what nobody needs any more, a little at a time, so that tables stay small and locks short."""

from datetime import timedelta

from app.database import Pool

ATTEMPTS_KEPT = timedelta(days=90)
CHECKS_KEPT = timedelta(days=1)
CALLBACKS_KEPT = timedelta(days=30)
AT_ONCE = 1000
ATTEMPTS = """
delete from attempt where (delivery_id, token) in (
  select a.delivery_id, a.token from attempt a join delivery d on d.id = a.delivery_id
   where a.started_at < now() - $1::interval and d.settled_at is not null
   order by a.started_at limit $2)
"""
KEYS_KEPT = timedelta(days=7)
KEYS = """
delete from idempotency_key where (scope, key) in (
  select scope, key from idempotency_key where created_at < now() - $1::interval order by created_at limit $2)
"""
CALLS = """
delete from endpoint_call where id in (
  select id from endpoint_call where created_at < now() - $1::interval and state <> 'due' order by created_at limit $2)
"""
CHECKS = "delete from channel_check where asked_at < now() - $1::interval"
CALLBACKS = "delete from callback where received_at < now() - $1::interval"


async def prune(pool: Pool) -> int:
    """Delete attempts of settled deliveries, answered checks and kept answers that are too old.

    Returns how many attempts went.
    """
    await pool.execute(CHECKS, CHECKS_KEPT)
    await pool.execute(CALLBACKS, CALLBACKS_KEPT)
    await pool.execute(KEYS, KEYS_KEPT, AT_ONCE)
    await pool.execute(CALLS, ATTEMPTS_KEPT, AT_ONCE)
    tag = await pool.execute(ATTEMPTS, ATTEMPTS_KEPT, AT_ONCE)
    return int(tag.split()[-1])
