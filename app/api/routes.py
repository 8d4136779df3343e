# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Routes that take no parameter they do not know: FastAPI would ignore it, and the first of a repeated one."""

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.accepting import accepts
from app.api.problems import PUBLIC, SOURCE, TOLD
from app.api.reading import plain_name
from app.api.versions import weak
from app.domain.errors import InvalidParameterError, NotAcceptableError
from app.metrics import DEPRECATED

KEYS = frozenset({"access_token", "api_key", "apikey", "authorization", "key", "token"})
MOST = 50
IN_THE_HEADER = "A key is only taken from the header Authorization: Bearer. Treat the one in this address as leaked."
NO_CONTENT = 204
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class StrictRoute(APIRoute):
    """A route that refuses parameters it does not know, repeated ones, keys in the address, and vain wishes.

    It tells of its own end where `app.state.retiring` has its name, and answers 410 after that.
    """

    produces: ClassVar[tuple[str, ...]] = ("application/json",)
    """The media types of its good answers; a route with others is of a class of its own."""

    def get_route_handler(self) -> Handler:
        answer = self.answering()
        takes_none = not any(each.query_params for each in (self.dependant, *self.dependant.dependencies))
        forms = () if self.status_code == NO_CONTENT else self.produces

        async def strict(request: Request) -> Response:
            if request.scope["query_string"]:
                _refuse(request.scope["query_string"], takes_none=takes_none)
            if forms and not accepts(request.headers.getlist("accept"), forms):
                raise NotAcceptableError
            retirement = request.app.state.retiring.get(self.name)
            if retirement is not None:
                request.scope[TOLD] += retirement.told(request.scope[PUBLIC])
                retirement.refuse_after_the_end(datetime.now(UTC))
            response = await answer(request)
            _tag(self.name, response)
            if retirement is not None:
                DEPRECATED.labels(self.name, request.scope.get(SOURCE, "unknown")).inc()
            return response

        return strict

    def answering(self) -> Handler:
        """Give what answers once the parameters are known to be good."""
        return super().get_route_handler()


class QuickRoute(StrictRoute):
    """The hot path: what it depends on takes the request alone, so it needs none of the framework's solving.

    Shortcut answers with `handler`, without the framework's stacks of contexts: nothing here has any to leave.
    """

    def __init__(self, *given: Any, **named: Any) -> None:
        """Make the handler once."""
        super().__init__(*given, **named)
        self.handler = self.get_route_handler()

    def answering(self) -> Handler:
        needed = [(each.name or "", each.call) for each in self.dependant.dependencies]
        endpoint: Any = self.endpoint

        async def quick(request: Request) -> Response:
            given = {name: await call(request) for name, call in needed if call is not None}
            answer: Response = await endpoint(**given)
            return answer

        return quick


def _tag(name: str, response: Response) -> None:
    """Tell lists apart by a weak tag; they are never answered with 304, since their cursors end."""
    if name.startswith("list_"):
        response.headers["ETag"] = weak(bytes(response.body))


def _names(query: bytes) -> list[str]:
    try:
        return [name for name, _ in parse_qsl(query.decode(), keep_blank_values=True, max_num_fields=MOST)]
    except ValueError:
        raise InvalidParameterError(f"There are more than {MOST} parameters.") from None


class Shortcut:
    """Leads requests for a QuickRoute straight there, past the layers and the list that all others go through."""

    def __init__(
        self,
        routes: Sequence[BaseRoute],
        handlers: Mapping[Any, Callable[[Any, Any], Awaitable[Response]]],
        others: ASGIApp,
    ) -> None:
        """`handlers` say which exception becomes which answer, as they do behind `others`."""
        quick = [route for route in routes if isinstance(route, QuickRoute)]
        self._routes = {(method, route.path): route for route in quick for method in route.methods or ()}
        self._handlers, self._others = handlers, others

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].removeprefix(scope["root_path"])
        route = self._routes.get((scope["method"], path))
        if route is None:
            await self._others(scope, receive, send)
            return
        scope["route"], scope["endpoint"], scope["path_params"] = route, route.endpoint, {}
        request = Request(scope, receive, send)
        try:
            response = await route.handler(request)
        except Exception as error:  # noqa: BLE001 - there is a handler for each
            response = await self._handler(error)(request, error)
        await response(scope, receive, send)

    def _handler(self, error: Exception) -> Callable[[Request, Exception], Awaitable[Response]]:
        return next(self._handlers[kind] for kind in type(error).__mro__ if kind in self._handlers)


def _refuse(query: bytes, *, takes_none: bool) -> None:
    names = _names(query)
    if KEYS.intersection(name.lower() for name in names) or b"camp_live_" in query:
        raise InvalidParameterError(IN_THE_HEADER)
    repeated = sorted({name for name in names if names.count(name) > 1})
    for name in names if takes_none else repeated:
        what = "There is no such parameter here." if takes_none else "This parameter is given more than once."
        raise InvalidParameterError(what, errors=[{"parameter": plain_name(name), "detail": what, "rule": "unknown"}])
