# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The API proper, served under /v1: all resources in one flat list, so that finding a route costs little."""

from collections.abc import Mapping

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.types import ASGIApp

from app.api import (
    amendments,
    approvals,
    audit,
    callback_calls,
    callbacks,
    capabilities,
    channel_check,
    channel_secret,
    channels,
    choices,
    countersigning,
    dead_letters,
    deliveries,
    held,
    intake,
    keys,
    notices,
    preview,
    pushes,
    services,
    source_keys,
    sources,
    status,
)
from app.api.document import document
from app.api.handlers import HANDLERS
from app.api.installation import EXAMPLE, Installation
from app.api.retirement import RETIRING, Retirement
from app.api.routes import Shortcut

RESOURCES = (
    intake,
    preview,
    capabilities,
    notices,
    deliveries,
    amendments,
    approvals,
    countersigning,
    channels,
    channel_check,
    channel_secret,
    callbacks,
    callback_calls,
    services,
    sources,
    source_keys,
    keys,
    dead_letters,
    held,
    choices,
    pushes,
    audit,
    status,
)
NO_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}


class _Api(FastAPI):
    """The framework's application, with a way past it for what must be quick."""

    def build_middleware_stack(self) -> ASGIApp:
        """Put the short way before all layers."""
        return Shortcut(self.router.routes, HANDLERS, super().build_middleware_stack())


def api(retiring: Mapping[str, Retirement] = RETIRING) -> FastAPI:
    """Put the resources together; `state.house` is set by whoever serves it. `retiring`: what ends, and when."""
    app = _Api(
        openapi_url=None,
        redirect_slashes=False,
        exception_handlers=HANDLERS,
        generate_unique_id_function=lambda route: route.name,
        telemetry=NO_TELEMETRY,
    )
    app.state.retiring = retiring
    for resource in RESOURCES:
        app.router.routes.extend(resource.router.routes)
    return app


def document_of(app: FastAPI, installation: Installation = EXAMPLE) -> dict[str, object]:
    """Give the OpenAPI document of what is served."""
    return document(app.router.routes, installation, app.state.retiring)
