# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The addresses of the board: pages and files for people and their programs, no part of the API's document."""

from collections.abc import Awaitable, Callable
from functools import partial
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from app.board import shown, style
from app.board.answer import POLICY, UNCHANGING, Document, answered
from app.board.entry import Choice
from app.board.noticeboard import Noticeboard
from app.board.pages import page
from app.board.places import ASKED
from app.board.sound import BrokenError
from app.board.words import Words, words_for
from app.database import AWAY, distrust
from app.domain.errors import NotFoundError
from app.domain.posting import PLACE
from app.telemetry import log

MOST_CHOSEN, LONGEST = 20, 120
Make = Callable[[Noticeboard, Request], Awaitable[Document]]


def routes() -> list[BaseRoute]:
    """List every address; `state.noticeboard` is set by whoever serves them."""
    board, service = f"{PLACE}/{{board}}", f"{PLACE}/{{board}}/servizi/{{service}}"
    made = [
        Route(f"{PLACE}/_stile/{style.NAME}", partial(_file, style.SHEET, "text/css")),
        Route(f"{PLACE}/_stile/campanella.svg", partial(_file, style.ICON, "image/svg+xml")),
        Route(f"{PLACE}/", _without_slash),
        _route(PLACE, lambda house, _: shown.boards(house)),
        _route(board, _front),
        _route(service, _front),
        _route(f"{board}/archivio", _archive),
        _route(f"{board}/archivio/{{number:int}}", _archive),
        _route(f"{board}/avvisi/{{notice:uuid}}", _notice),
    ]
    feeds = [_route(f"{path}/{file}", partial(_feed, file)) for path in (board, service) for file in shown.FEEDS]
    return [*made, *feeds, _route(f"{PLACE}/{{rest:path}}", _nothing)]


def _route(path: str, make: Make) -> Route:
    async def endpoint(request: Request) -> Response:
        house: Noticeboard = request.app.state.noticeboard
        choice = _choice(request)
        key = f"{request.url.path}?{choice.grades}{choice.schools}{choice.areas}"
        try:
            return answered(request, await house.document(key, lambda: make(house, request)))
        except NotFoundError as error:
            return await _missing(house, request, "broken" if isinstance(error, BrokenError) else "missing")
        except AWAY as error:
            log.warning("database.away", error=type(error).__name__)
            await distrust(house.pool, error)
            return _sorry(house, words_for("it"), 503, "away")

    return Route(path, endpoint, methods=["GET"])


async def _front(house: Noticeboard, request: Request) -> Document:
    return await shown.front(house, request.path_params["board"], _choice(request))


async def _archive(house: Noticeboard, request: Request) -> Document:
    return await shown.archive(house, request.path_params["board"], request.path_params.get("number", 1))


async def _notice(house: Noticeboard, request: Request) -> Document:
    number: UUID = request.path_params["notice"]
    return await shown.notice(house, request.path_params["board"], number)


async def _feed(file: str, house: Noticeboard, request: Request) -> Document:
    return await shown.feed(house, request.path_params["board"], _choice(request), file)


def _choice(request: Request) -> Choice:
    """Read what a reader chose; what we do not know in an address is let be, for others add to links."""
    asked = {
        member: tuple(dict.fromkeys(value[:LONGEST] for value in request.query_params.getlist(name) if value))
        for member, name in ASKED.items()
    }
    lists = {member: tuple(sorted(values)[:MOST_CHOSEN]) for member, values in asked.items()}
    return Choice(request.path_params.get("service"), **lists)


async def _nothing(_: Noticeboard, __: Request) -> Document:
    raise NotFoundError


async def _missing(house: Noticeboard, request: Request, what: str) -> Response:
    board = (await house.hung()).boards.get(request.path_params.get("board", ""))
    return _sorry(house, words_for(board.language if board else "it"), 404, what)


def _sorry(house: Noticeboard, words: Words, status: int, what: str) -> Response:
    """Say in a page that there is nothing, or nothing now."""
    told = {"title": getattr(words, what), "more": getattr(words, f"{what}_more")}
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"}
    if status == 503:  # noqa: PLR2004 - Service Unavailable
        headers["Retry-After"] = "30"
    body = page("sorry.html", words=words, **told, **house.frame())
    return Response(body, status, headers, shown.HTML)


async def _file(content: bytes, media_type: str, _: Request) -> Response:
    return Response(
        content, headers={"Cache-Control": UNCHANGING, "Content-Security-Policy": POLICY}, media_type=media_type
    )


async def _without_slash(request: Request) -> Response:
    house: Noticeboard = request.app.state.noticeboard
    return RedirectResponse(house.places.boards, 308)
