# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Telegram as a kind of channel: its pace, its rendering, its sender, its checks."""

from functools import partial

from aiogram import Bot

from app.domain.notice import Priority
from app.domain.pace import Limits
from app.outbox import ChannelKind
from app.settings import SettingsError
from workers.desk import Desk, Tools
from workers.media import Shelf
from workers.telegram import check
from workers.telegram.asker import Asker
from workers.telegram.leftover import take_away
from workers.telegram.operations import OperationsChat
from workers.telegram.place import may_go_on
from workers.telegram.preview import previewed
from workers.telegram.sender import Sender
from workers.telegram.session import WatchedSession
from workers.telegram.shown import shown


def desk(tools: Tools) -> Desk:
    """Set Telegram up; SettingsError without a token."""
    settings = tools.settings
    if settings.telegram_token is None:
        raise SettingsError("CAMPANELLA_TELEGRAM_TOKEN is not set")
    session = WatchedSession(str(settings.telegram_api_url), settings.telegram_timeout)
    bot = Bot(settings.telegram_token.get_secret_value(), session=session)
    silent_below = Priority(settings.telegram_silent_below)
    limits = Limits(settings.telegram_per_second, settings.telegram_chat_per_second, settings.telegram_group_per_minute)
    room = settings.telegram_operations_chat
    operations = None if room is None else OperationsChat(bot, session, room, limits, tools.pool)
    load = Shelf(tools.pool).within
    sender = Sender(bot, session, silent_below, Asker(bot, session, operations), load, settings.telegram_timeout)
    show = partial(shown, municipality=settings.municipality, zone=settings.timezone)
    kind = ChannelKind("telegram", limits, show, is_group, deletes=True, cap=tools.cap("telegram"), one_platform=True)
    inspect = partial(check.inspect, sender)
    look, seconds = partial(previewed, show), settings.telegram_timeout
    tidy, mended = partial(take_away, sender), partial(may_go_on, sender)
    clear = None if operations is None else operations.tidy
    return Desk(kind, sender.send, inspect, session.close, seconds, look, take_away=tidy, may_go_on=mended, tidy=clear)


def is_group(address: str) -> bool:
    """Groups and channels have negative numbers or names; a positive number is a family's own chat."""
    return not address.isdigit()
