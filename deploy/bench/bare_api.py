# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The bare loop of the acceptance figures: FastAPI, one raw INSERT for each request, and nothing else."""

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import asyncpg
from fastapi import FastAPI

TABLE = "create table bare (id uuid primary key, event_id text not null, content json not null)"
INSERT = "insert into bare (id, event_id, content) values ($1, $2, $3)"


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with asyncpg.create_pool(os.environ["BENCH_DATABASE_URL"], min_size=10, max_size=10) as pool:
        app.state.pool = pool
        yield


app = FastAPI(lifespan=lifespan)


@app.post("/notices", status_code=202)
async def take(body: dict[str, Any]) -> dict[str, str]:
    number = uuid4()
    await app.state.pool.execute(INSERT, number, body["event_id"], json.dumps(body))
    return {"id": str(number)}


@app.get("/readyz")
async def ready() -> dict[str, str]:
    return {}
