# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Asks what stands in a place of a channel, without being able to change what is not ours.

By an edit, which Telegram refuses for what is not ours, at the pace of the channel. Where the bot could edit other
people's posts, or other posts of ours may stand there, by a forward into the operations chat, one queue for all
channels; and a forward does not say whose a picture without words is.
"""

import json
from dataclasses import dataclass
from typing import Any

from aiogram import Bot
from aiogram.methods import EditMessageReplyMarkup, GetChatMember, TelegramMethod

from app.domain.delivery import Action, Intent
from app.domain.outcome import Absent, Delivered, Foreign, Gone, Outcome, Unclear
from workers.telegram.calls import edit
from workers.telegram.errors import has_changed, read, standing
from workers.telegram.operations import OperationsChat
from workers.telegram.session import Reply, Watch, WatchedSession

TOO_MIGHTY = "the bot may edit other people's posts by now, so it must not ask by editing"
NO_WRITER = "the bot may not post here any more, so Telegram would not say which posts are its own"
UNREAD = "what stands there can be read only through an operations chat"
PARTLY = "only a part of its album stands there, so it says where the rest is to be found"
WORDLESS = json.dumps({"text": "", "entities": [], "media": [["", ""]]})
"""An item of an album behind the first."""
OVERWROTE = "another post of ours stood at {}, of which nobody knew; it shows this notice now"


@dataclass(frozen=True)
class Asker:
    """Asks on behalf of one bot."""

    bot: Bot
    session: WatchedSession
    operations: OperationsChat | None

    async def probe(self, address: str, intent: Intent, watch: Watch) -> Outcome:
        """Ask the next question about a post in doubt."""
        if intent.restored and self.operations is None:
            return Unclear(UNREAD)
        if intent.reference is not None:
            return await self._rest_of(address, intent, watch)
        place = str(int(intent.after or "0") + 1 + intent.asked)
        album = len(intent.items) > 1 and not intent.restored
        return await self.ask(address, place, intent.payload, watch, album=album, restored=intent.restored)

    async def ask(
        self, address: str, place: str, payload: str, watch: Watch, *, album: bool = False, restored: bool = False
    ) -> Outcome:
        """Ask, by one write, whether a place holds exactly this content.

        Of an album the item with the caption may have been lost. Then the first that stands is ours without it: nothing
        else of ours that no row knows of is behind the last known post, except after a restore.
        """
        refused = Unclear(UNREAD) if restored else await self._may_harm(address)
        if refused is None:
            return await self._by_edit(address, place, payload, watch, album=album)
        if self.operations is None or not isinstance(refused, Unclear):
            return refused
        outcome = await self.operations.ask(address, place, payload, watch)
        return Foreign() if isinstance(outcome, Foreign) and not album else outcome

    async def _by_edit(self, address: str, place: str, payload: str, watch: Watch, *, album: bool) -> Outcome:
        """Give the place the content that it should have: only `message is not modified` says that it has it."""
        reply = await self._call(edit(address, place, payload), watch)
        outcome = read(reply, Action.PROBE, place)
        if isinstance(outcome, Delivered) and has_changed(reply):
            return Delivered((place,), part=True) if album else Unclear(OVERWROTE.format(place))
        return outcome

    async def _rest_of(self, address: str, album: Intent, watch: Watch) -> Outcome:
        """Ask for the last item of an album of which the first was found, and then one by one for those between.

        They stand one behind the other: Telegram posts all that it has at once.
        """
        names = [str(int(album.reference or "") + number) for number in range(len(album.items))]
        sure, found = await self._wordless(address, names[album.between or album.asked or -1], watch)
        sure = sure and not album.restored  # others of ours may stand there that no row knows of
        if album.between or (isinstance(found, Delivered) and not album.asked):
            return _of_whole(names, album.between, found, sure=sure)
        return _of_broken(names, album.asked, found, sure=sure)

    async def _wordless(self, address: str, place: str, watch: Watch) -> tuple[bool, Outcome]:
        """Ask for an item without a caption, and say whether it is sure whose it is."""
        refused = await self._may_harm(address)
        if refused is None:
            return True, await self._touched(address, place, watch)
        if self.operations is None or not isinstance(refused, Unclear):
            return False, refused
        return False, await self.operations.ask(address, place, WORDLESS, watch)

    async def _touched(self, address: str, place: str, watch: Watch) -> Outcome:
        """Ask whether a place is ours, and change nothing: none of our posts has buttons to take away."""
        reply = await self._call(EditMessageReplyMarkup(chat_id=address, message_id=int(place)), watch)
        return read(reply, Action.PROBE, place)

    async def _may_harm(self, address: str) -> Outcome | None:
        """Look at our rights: who may edit other people's posts must not ask by editing, whatever was proved before.

        To who may not post in a channel any more, Telegram says of its own posts, too, that they cannot be edited.
        """
        reply = await self._call(GetChatMember(chat_id=address, user_id=self.bot.id), Watch())
        member = standing(reply)
        if member is None:
            return read(reply, Action.PROBE)
        if member.get("can_post_messages") is False:
            return Gone(NO_WRITER)
        return Unclear(TOO_MIGHTY) if member.get("can_edit_messages") is True else None

    async def _call(self, method: TelegramMethod[Any], watch: Watch) -> Reply:
        return await self.session.exchange(self.bot, method, watch)


def _of_whole(names: list[str], between: int, found: Outcome, *, sure: bool) -> Outcome:
    """Know each item by its place, where nothing but ours stands between the first and the last; else the first."""
    match found:
        case Delivered() if sure and between < len(names) - 2:
            return Delivered((names[0],), latest=names[-1], more=True)
        case Delivered() if sure:
            return Delivered(tuple(names))
        case Delivered() | Absent() | Foreign() | Unclear():
            return Delivered((names[0],), latest=names[-1])
    return found


def _of_broken(names: list[str], asked: int, found: Outcome, *, sure: bool) -> Outcome:
    """Know what stands up to the first place that is not ours."""
    match found:
        case Delivered() if sure:
            return _part(names[: asked + 1], more=asked + 2 < len(names))
        case Absent() | Foreign() if sure and not asked and len(names) > 2:  # noqa: PLR2004 - another in between
            return _part([names[0]], more=True)
        case Delivered() | Absent() | Foreign():
            return _part(names[: max(1, asked)])
        case Unclear(why):
            return Delivered((names[0],), note=why, part=asked > 0)
    return found


def _part(known: list[str], *, more: bool = False) -> Delivered:
    return Delivered(tuple(known), note=PARTLY, part=True, more=more)
