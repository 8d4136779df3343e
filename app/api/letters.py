# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""/callbacks/wechat: where WeChat tells what came of a push. Verified, kept without the sender, answered at once."""

import time

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from app.api.house import House
from app.callbacks import keep
from app.domain.errors import ForbiddenError, MalformedBodyError, NotFoundError, TooLargeError
from app.telemetry import log
from app.wechat.letter import LARGEST, Letter, LetterError, envelope, read
from app.wechat.seal import SealError, is_signed, opened
from app.wechat.settings import WeChatSettings

KIND = "wechat"
WINDOW = 300
"""Seconds by which the stamp of a letter may be off: an old one that somebody recorded opens nothing."""
SUCCESS = "success"


class Door:
    """The two ways in which WeChat knocks: a look at the URL, and a letter."""

    def __init__(self, settings: WeChatSettings) -> None:
        """Take the token and the key; without a token there is no door."""
        token, key = settings.callback_token, settings.callback_aes_key
        self._token = token.get_secret_value() if token else ""
        self._key = key.get_secret_value() if key else ""
        self._app_id, self._plain = settings.app_id or "", settings.callback_plain

    def routes(self) -> list[Route]:
        path = "/callbacks/wechat"
        return [Route(path, self.look, methods=["GET"]), Route(path, self.letter, methods=["POST"])]

    async def look(self, request: Request) -> Response:
        """Answer the check of the URL with what it asks for, if it is signed."""
        self._signed(request, "signature")
        return PlainTextResponse(request.query_params.get("echostr", ""))

    async def letter(self, request: Request) -> Response:
        """Keep what a letter tells; a repetition changes nothing, and is answered alike."""
        body = await _bounded(request)
        letter = self._opened(request, body)
        if letter is not None and letter.reference:
            house: House = request.app.state.house
            await keep(house.database.pool, KIND, letter.mark, letter.reference, letter.content)
            log.info("callback.kept", kind=KIND, reference=letter.reference)
            house.doorbell.ring()
        return PlainTextResponse(SUCCESS)

    def _opened(self, request: Request, body: bytes) -> Letter | None:
        """Verify first, then read. Sealed letters carry a signature of their own over what is sealed."""
        self._signed(request, "signature")
        try:
            if request.query_params.get("encrypt_type") == "aes" and self._key:
                sealed = envelope(body)
                self._signed(request, "msg_signature", sealed)
                return read(opened(sealed, self._key, self._app_id), self._token)
            if not self._plain:
                raise ForbiddenError("Letters must be sealed.")
            return read(body, self._token)
        except SealError:
            raise ForbiddenError("The letter was not sealed with our key.") from None
        except LetterError:
            raise MalformedBodyError("The letter cannot be read.") from None

    def _signed(self, request: Request, name: str, *more: str) -> None:
        if not self._token:
            raise NotFoundError
        query = request.query_params
        stamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
        if not is_signed(query.get(name, ""), self._token, stamp, nonce, *more):
            raise ForbiddenError("The signature is wrong.")
        if not stamp.isdecimal() or abs(time.time() - int(stamp[:12])) > WINDOW:
            raise ForbiddenError("The letter is too old.")


async def _bounded(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            raise TooLargeError
    return body
