# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The ASGI application: the API under /v1, and around it what belongs to the installation."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.routing import BaseRoute

from app import health_routes
from app.api import docs, letters, problem_pages, well_known
from app.api.application import NO_TELEMETRY, api, document_of
from app.api.callers import is_insider
from app.api.crowd import Crowd
from app.api.directory import Directory
from app.api.door import Door
from app.api.edge import API, Edge
from app.api.handlers import HANDLERS
from app.api.house import opened, public_url
from app.api.installation import Installation
from app.board.noticeboard import Noticeboard
from app.board.routes import routes as board_routes
from app.health import Health
from app.scrub import hide_also
from app.settings import Settings
from app.telemetry import log
from app.traffic import prepare_routes
from app.wechat.settings import WeChatSettings, load_wechat


def create_app(settings: Settings, health: Health | None = None, wechat: WeChatSettings | None = None) -> Edge:
    """Build the application; Postgres and Redis may be away while it starts. Whoever stops it drains `health`."""
    health, wechat = health or Health(settings), wechat or load_wechat()
    hide_also(wechat.secrets())
    inner = api()
    crowd = Crowd()
    door = Door(settings)
    outer = _outer(settings, health, inner, crowd, door)
    outer.router.routes.extend(letters.Door(wechat).routes())
    known: list[tuple[str, BaseRoute]] = [(API, route) for route in inner.router.routes]
    known += [("", route) for route in outer.router.routes]
    prepare_routes(inner.router.routes, API)
    return Edge(inner, outer, Directory(known), door, public_url(settings), crowd)


def _outer(settings: Settings, health: Health, inner: FastAPI, crowd: Crowd, door: Door) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with opened(settings, health, crowd, door.wrong_keys) as house:
            inner.state.house = outer.state.house = house
            outer.state.noticeboard = Noticeboard(house.database.pool, settings)
            log.info("api.started")
            yield
        log.info("api.stopped")

    outer = FastAPI(
        lifespan=lifespan,
        openapi_url=None,
        redirect_slashes=False,
        exception_handlers=HANDLERS,
        telemetry=NO_TELEMETRY,
    )
    outer.router.routes.extend(health_routes.router(health, is_insider).routes)
    installation = Installation.of(settings)
    outer.router.routes.extend(docs.routes(document_of(inner, installation), installation))
    outer.router.routes.extend(well_known.routes(installation))
    outer.router.routes.extend(problem_pages.routes())
    outer.router.routes.extend(board_routes())
    return outer
