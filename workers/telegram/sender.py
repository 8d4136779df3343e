# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""One call to Telegram: no retry, no exception, no waiting."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from aiogram import Bot
from aiogram.methods import EditMessageReplyMarkup, GetChatAdministrators, GetChatMember, TelegramMethod

from app.domain.delivery import Action, Intent
from app.domain.lane import LANES
from app.domain.notice import Priority
from app.domain.outcome import Absent, Delivered, Foreign, Gone, Lost, Moved, Outcome, TextOnly, Unclear, Undecided
from app.outbox import Owed
from app.telemetry import log
from workers.desk import Report
from workers.telegram.calls import File, delete, edit, post, read_payload, upload, wants_files
from workers.telegram.errors import broke, has_changed, read, standing
from workers.telegram.operations import OperationsChat
from workers.telegram.session import Ready, Reply, Watch, WatchedSession
from workers.telegram.uploads import MOST, TOO_MUCH, file_id, read_upload, unless_forgotten

Load = Callable[[UUID, Sequence[str], int], Awaitable[dict[str, bytes] | None]]
"""Give the contents of a notice's media by address; None where they are more than so many bytes."""
KNOWN_FILES = 1000
TOO_MIGHTY = "the bot may edit other people's posts by now, so it must not ask by editing"
STANDS = "the post stands there, and Telegram lets nobody change it ({}): change it by hand"
UNREAD = "what stands there can be read only through an operations chat"
BASIC_GROUP = re.compile(r"-[0-9]{1,12}")
"""Addresses of supergroups and channels are longer, and those do not move."""
NO_WRITER = ("left", "kicked", "restricted")
PARTLY = "only a part of its album stands there, so it says where the rest is to be found"
WORDLESS = json.dumps({"text": "", "entities": [], "media": [["", ""]]})
"""An item of an album behind the first."""
OVERWROTE = "another post of ours stood at {}, of which nobody knew; it shows this notice now"


@dataclass(frozen=True)
class Sender:
    """Posts, edits and asks on behalf of one bot. Lanes below `silent_below` ring no bell on the phones."""

    bot: Bot
    session: WatchedSession
    silent_below: Priority
    operations: OperationsChat | None
    load: Load
    timeout: float
    _files: dict[tuple[UUID, str], str] = field(default_factory=dict)

    async def send(self, owed: Owed, intent: Intent) -> Report:
        """Carry out one intent and say what it came to."""
        watch = Watch(until=asyncio.get_running_loop().time() + self.timeout)
        try:
            async with asyncio.timeout_at(watch.until):  # all calls of one intent together: the lease is for no more
                return Report(await self._act(owed, intent, watch), watch.wire)
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
                return await self._probe(owed, intent, watch)

    async def _call(self, method: TelegramMethod[Any] | Ready, watch: Watch) -> Reply:
        return await self.session.exchange(self.bot, method, watch)

    async def _post(self, owed: Owed, intent: Intent, watch: Watch) -> Outcome:
        silent = LANES[owed.notice.priority] > LANES[self.silent_below]
        replies_to = None if intent.number else owed.replies_to
        files = await self._media(owed, intent.payload) if wants_files(intent.payload, editing=False) else []
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
        files = await self._media(owed, intent.payload) if wants_files(intent.payload, editing=True) else []
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

    async def _media(self, owed: Owed, payload: str) -> list[File] | None:
        """Give a part's media: by Telegram's own id where it has them already, else as bytes; None if too many."""
        hrefs = [href for _, href in read_payload(payload)[2]]
        known = {href: self._files.get((owed.notice_id, href)) for href in hrefs}
        missing = [href for href, file in known.items() if file is None]
        contents = await self.load(owed.notice_id, missing, MOST) if missing else {}
        if contents is None:
            return None
        return [known[href] or upload(href, contents[href]) for href in hrefs]

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

    async def _probe(self, owed: Owed, intent: Intent, watch: Watch) -> Outcome:
        if intent.restored and self.operations is None:
            return Unclear(UNREAD)
        if intent.reference is not None:
            return await self._rest_of(owed.address, intent, watch)
        place = str(int(intent.after or "0") + 1 + intent.asked)
        return await self.ask(owed.address, place, intent.payload, watch)

    async def ask(self, address: str, place: str, payload: str, watch: Watch | None = None) -> Outcome:
        """Ask whether a place holds exactly this content, without being able to change what is not ours."""
        watch = watch or Watch()
        ask = self._ask_by_edit if self.operations is None else self.operations.ask
        return await ask(address, place, payload, watch)

    async def _rest_of(self, address: str, album: Intent, watch: Watch) -> Outcome:
        """Ask for the last item of an album of which the first was found; where it is not, others may be missing."""
        first, behind = album.reference or "", len(album.items) - 1
        last = str(int(first) + behind)
        found = await self._wordless(address, last, watch)
        match found:
            case Delivered():
                return Delivered((first,), latest=last)
            case Absent() | Foreign():
                return Delivered((first,), note=PARTLY, part=True)
            case Unclear(why):
                return Delivered((first,), note=why)
        return found

    async def _wordless(self, address: str, place: str, watch: Watch) -> Outcome:
        """Ask for an item without a caption, and change nothing: none of our posts has buttons to take away."""
        if self.operations is not None:
            return await self.operations.ask(address, place, WORDLESS, watch)
        refused = await self._may_harm(address)
        if refused is not None:
            return refused
        reply = await self._call(EditMessageReplyMarkup(chat_id=address, message_id=int(place)), watch)
        return read(reply, Action.PROBE, place)

    async def _ask_by_edit(self, address: str, place: str, payload: str, watch: Watch) -> Outcome:
        """Give the place the content that it should have: only `message is not modified` says that it has it."""
        refused = await self._may_harm(address)
        if refused is not None:
            return refused
        reply = await self._call(edit(address, place, payload), watch)
        outcome = read(reply, Action.PROBE, place)
        return Unclear(OVERWROTE.format(place)) if isinstance(outcome, Delivered) and has_changed(reply) else outcome

    async def _may_harm(self, address: str) -> Outcome | None:
        """Look at our rights: who may edit other people's posts must not ask by editing, whatever was proved before."""
        reply = await self._call(GetChatMember(chat_id=address, user_id=self.bot.id), Watch())
        member = standing(reply)
        if member is None:
            return read(reply, Action.PROBE)
        return Unclear(TOO_MIGHTY) if member.get("can_edit_messages") is True else None
