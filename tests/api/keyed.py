# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Requests under an Idempotency-Key."""

from typing import Any

from tests.api.calling import Answer, Caller


async def sent(source: Caller, notice: Any, key: str | None) -> Answer:
    """Hand in a notice, or bytes as they are, under a key or none."""
    return await source.post("/v1/notices", notice, **({"Idempotency_Key": key} if key else {}))


def is_replayed(answer: Answer) -> bool:
    return answer.headers.get("Idempotent-Replayed") == "true"
