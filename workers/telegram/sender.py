# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""One call to Telegram: no retry, no exception, no waiting."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from aiogram import Bot
from aiogram.methods import GetChatAdministrators, GetChatMember, TelegramMethod

from app.domain.delivery import Action, Intent
from app.domain.lane import LANES
from app.domain.notice import Priority
from app.domain.outcome import Delivered, Gone, Lost, Moved, Outcome, Postponed, TextOnly, Undecided
from app.outbox import Owed
from app.telemetry import log
from workers.desk import Report
from workers.reach import TooLateError, up_in_time
from workers.telegram.asker import Asker
from workers.telegram.calls import File, delete, edit, post, read_payload, upload, wants_files
from workers.telegram.errors import broke, read, standing
from workers.telegram.session import Ready, Reply, Watch, WatchedSession
from workers.telegram.slots import BusyError, Slots
from workers.telegram.uploads import MOST, TOO_MUCH, file_id, read_upload, unless_forgotten

Load = Callable[[UUID, Sequence[str], int], Awaitable[dict[str, bytes] | None]]
"""Give the contents of a notice's media by address; None where they are more than so many bytes."""
KNOWN_FILES = 1000
UPLOADING = "its files wait for others that are being uploaded"
STANDS = "the post stands there, and Telegram lets nobody change it ({}): change it by hand"
OVER = "its time was over before the call could leave"
BASIC_GROUP = re.compile(r"-[0-9]{1,12}")
"""Addresses of supergroups and channels are longer, and those do not move."""
NO_WRITER = ("left", "kicked", "restricted")


@dataclass(frozen=True)
class Sender:
    """Posts, edits and asks on behalf of one bot. Lanes below `silent_below` ring no bell on the phones."""

    bot: Bot
    session: WatchedSession
    silent_below: Priority
    asker: Asker
    load: Load
    timeout: float
    _files: dict[tuple[UUID, str], str] = field(default_factory=dict)
    _slots: Slots = field(default_factory=Slots)

    async def send(self, owed: Owed, intent: Intent) -> Report:
        """Carry out one intent and say what it came to."""
        watch = Watch(until=asyncio.get_running_loop().time() + self.timeout)
        try:
            async with asyncio.timeout_at(watch.until):  # all calls of one intent together: the lease is for no more
                return Report(await self._act(owed, intent, watch), watch.wire)
        except TooLateError:
            return Report(Postponed(0.0, OVER), watch.wire)
        except BusyError as busy:
            return Report(Postponed(busy.seconds, UPLOADING), watch.wire, unmade=True)
        except Exception as error:  # noqa: BLE001 - whatever broke, the wire tells whether Telegram may have acted
            log.warning("attempt.crashed", delivery=owed.id, error=type(error).__name__, wire=watch.wire)
            return Report(broke(error, watch.wire), watch.wire)

    async def _act(self, owed: Owed, intent: Intent, watch: Watch) -> Outcome:
        match intent.action:
            case Action.POST:
                return await self._post(owed, intent, watch)
            case Action.EDIT:
                return await self._edit(owed, intent, watch)
            case Action.DELETE:
                return read(await self._call(delete(owed.address, intent.items), watch), Action.DELETE)
            case Action.PROBE:
                return await self.asker.probe(owed.address, intent, watch)

    async def _call(self, method: TelegramMethod[Any] | Ready, watch: Watch) -> Reply:
        return await self.session.exchange(self.bot, method, watch)

    async def _post(self, owed: Owed, intent: Intent, watch: Watch) -> Outcome:
        silent = LANES[owed.notice.priority] > LANES[self.silent_below]
        replies_to = None if intent.number else owed.replies_to
        async with self._media(owed, intent.payload, watch, editing=False) as files:
            if files is None:
                return TextOnly(TOO_MUCH)
            call = post(owed.address, intent.payload, files, silent=silent, replies_to=replies_to)
            reply = await self._call(call, watch)
        outcome = read_upload(reply, Action.POST, owed.progress.failures) if files else read(reply, Action.POST)
        if files and isinstance(outcome, Delivered):
            self._remember(owed.notice_id, intent.payload, reply)
        return unless_forgotten(outcome, self._files, owed.notice_id, intent.payload)

    async def _edit(self, owed: Owed, intent: Intent, watch: Watch) -> Outcome:
        """Change a post; one that may not be changed by anybody is a person's, else it waits for our rights."""
        async with self._media(owed, intent.payload, watch, editing=True) as files:
            if files is None:
                return TextOnly(TOO_MUCH)
            reply = await self._call(edit(owed.address, intent.reference or "", intent.payload, files), watch)
        outcome = read_upload(reply, Action.EDIT) if files else read(reply, Action.EDIT)
        outcome = unless_forgotten(outcome, self._files, owed.notice_id, intent.payload)
        if isinstance(outcome, Gone | Lost) and BASIC_GROUP.fullmatch(owed.address):
            return await self._heir(owed.address) or outcome
        if not isinstance(outcome, Undecided):
            return outcome
        reply = await self._call(GetChatMember(chat_id=owed.address, user_id=self.bot.id), Watch())
        member = standing(reply)
        if member is not None and (member["status"] in NO_WRITER or member.get("can_post_messages") is False):
            return Gone(f"the bot may not post here any more: {outcome.reason}")
        why = None if member is not None else read(reply, Action.PROBE)
        return why if isinstance(why, Gone) else Undecided(STANDS.format(outcome.reason))

    async def _heir(self, address: str) -> Moved | None:
        """Ask a group whether it has moved: to an edit Telegram does not say so, to this question it does."""
        found = read(await self._call(GetChatAdministrators(chat_id=address), Watch()), Action.PROBE)
        return found if isinstance(found, Moved) else None

    @asynccontextmanager
    async def _media(
        self, owed: Owed, payload: str, watch: Watch, *, editing: bool
    ) -> AsyncIterator[list[File] | None]:
        """Give a part's media: by Telegram's own id where it has them already, else as bytes; None if too many.

        Bytes take their time on the wire, and what is up after the notice's time is over would still be posted.
        """
        hrefs = [href for _, href in read_payload(payload)[2]] if wants_files(payload, editing=editing) else []
        known = {href: self._files.get((owed.notice_id, href)) for href in hrefs}
        missing = [href for href, file in known.items() if file is None]
        if not missing:
            yield [file for href in hrefs if (file := known[href]) is not None]
            return
        async with (
            self._slots.upload(urgent=owed.notice.priority is Priority.URGENT),
            up_in_time(watch, watch.is_going_up),
        ):
            contents = await self.load(owed.notice_id, missing, MOST)
            yield None if contents is None else [known[href] or upload(href, contents[href]) for href in hrefs]

    def _remember(self, notice: UUID, payload: str, reply: Reply) -> None:
        """Keep the ids that Telegram gave to uploaded files: the next channel needs no upload."""
        result = json.loads(reply.body or b"{}").get("result")
        messages = result if isinstance(result, list) else [result]
        if len(self._files) > KNOWN_FILES:
            self._files.clear()
        for (_, href), message in zip(read_payload(payload)[2], messages, strict=False):
            file = file_id(message)
            if file is not None:
                self._files[notice, href] = file
