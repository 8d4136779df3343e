# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Keys that stand no more: what they ask for is refused by the statement that would do it, in whatever process."""

# To be put where `caller.by` says who acts. Whoever is no key of ours (a voucher, the bootstrap key, a command) has no
# row that could say so; a key whose row is gone has fallen as well.
FALLEN = """
(caller.by ~ '^[0-9A-Za-z]{12}$' and not exists (
  select from key where key.id = caller.by and key.revoked_at is null and key.expires_at > now()))
"""
